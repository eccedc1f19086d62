import { RemoteError } from "#/client/remote-error.ts";
import { inParallel } from "#/lib/in-parallel.ts";
import type { ReplicaInRepository } from "#/metadata/replicas.ts";
import { chunksOf } from "./chunks.ts";
import type { Pair } from "./copier.ts";
import { findGone } from "./find-gone.ts";
import { nameTarget } from "./name-target.ts";
import { prune, type Witness } from "./prune.ts";
import { replicateRepository } from "./replicate-repository.ts";
import type { RunContext } from "./run-context.ts";
import { RunEnded } from "./tally.ts";

/** How a run went, beside what its tally says. */
export interface Replicated {
	/** Why nothing was removed though something has gone; absent: there is nothing to say. */
	readonly stopped?: string;
	/** Why the run ended before it was through; absent: it was. */
	readonly ended?: string;
}

/** Repositories that are gone through at the same time; transfers are counted apart. */
const REPOSITORIES = 4;
/** Rows of one page. */
const PAGE = 500;

/**
 * Goes through the source page by page, copying from the first one on, and takes away last what has gone there: only
 * when everything was seen, and nothing failed on the way.
 *
 * @param only the repositories of the source to look at; absent: all that it lists
 */
export const replicate = async (
	run: RunContext,
	only: AsyncIterable<readonly string[]> | undefined,
	signal: AbortSignal,
): Promise<Replicated> => {
	const { tally, selection, source } = run;
	const visit = new Visit(run);
	try {
		const pages = only ?? (selection.named === undefined ? source.repositories(signal) : namesOf(selection.named));
		await inParallel(flatten(pages), REPOSITORIES, (name) => visit.repository(name, signal));
		if (only === undefined && tally.isComplete) await visit.unlisted(signal);
	} catch (error) {
		signal.throwIfAborted();
		tally.isComplete = false;
		if (error instanceof RunEnded || error instanceof RemoteError) return { ended: error.message };
		throw error;
	}
	if (!tally.isComplete) {
		return run.gone.count === 0 ? {} : { stopped: "not all of the source could be seen, so nothing was removed" };
	}
	const stopped = await prune(run, visit.witness, signal);
	return stopped ?? {};
};

async function* flatten(pages: AsyncIterable<readonly string[]>): AsyncGenerator<string> {
	for await (const page of pages) yield* page;
}

async function* namesOf(names: readonly string[]): AsyncGenerator<readonly string[]> {
	yield* chunksOf(names, PAGE);
}

/** The way through the repositories of a source. */
class Visit {
	readonly #run: RunContext;
	/** Targets that were gone through, with what was copied there, so that no two repositories are copied into one. */
	readonly #targets = new Map<string, string>();
	/** Some tag that the source has. */
	witness: Witness | undefined;

	constructor(run: RunContext) {
		this.#run = run;
	}

	/** One repository, if the policy selects it. What fails for it stops no other. */
	async repository(name: string, signal: AbortSignal): Promise<void> {
		const { selection, tally } = this.#run;
		if (!selection.hasRepository(name)) return;
		const pair = await this.#pairOf(name, signal);
		// A list by the numbers of its pages has one twice, when another one came meanwhile.
		if (pair === undefined) return;
		if ("refused" in pair) {
			tally.refuse(name, pair.refused);
			return;
		}
		try {
			await replicateRepository(this.#run, pair, (tag) => this.#saw(name, tag), signal);
		} catch (error) {
			signal.throwIfAborted();
			if (error instanceof RunEnded) throw error;
			tally.isComplete = false;
			if (!(error instanceof RemoteError)) throw error;
			tally.fail(name, error);
		}
	}

	/** What was copied from repositories that the source does not list any more. */
	async unlisted(signal: AbortSignal): Promise<void> {
		const { replicas, policy } = this.#run;
		let after: { readonly repository: string; readonly reference: string } | undefined;
		for (;;) {
			const page: readonly ReplicaInRepository[] = await replicas.list(policy, { after, limit: PAGE }, signal);
			for (const { repository } of page) await this.#unlistedTarget(repository, signal);
			const end = page.at(-1);
			if (end === undefined || page.length < PAGE) return;
			// All rows of a repository that was gone through are passed over at once.
			after = { repository: end.repository, reference: END_OF_REFERENCES };
		}
	}

	async #unlistedTarget(target: string, signal: AbortSignal): Promise<void> {
		if (this.#targets.has(target)) return;
		this.#targets.set(target, target);
		// What it copied when more was its concern stays: that may be somebody else's by now.
		if ((await this.#run.target.explainRefusal(target, signal)) !== undefined) return;
		await findGone(this.#run, { source: target, target }, new Set(), signal);
	}

	#saw(repository: string, tag: string): void {
		this.witness = { repository, tag };
	}

	/** Where a repository goes, or why it goes nowhere; undefined: it was gone through already. */
	async #pairOf(source: string, signal: AbortSignal): Promise<Pair | { readonly refused: string } | undefined> {
		const { spec, target: side } = this.#run;
		const target = nameTarget(source, spec.rename);
		if (target === undefined) return { refused: "its rename rule leaves no name" };
		const other = this.#targets.get(target);
		if (other === source) return undefined;
		if (other !== undefined) return { refused: `another repository of the source is copied to ${target} already` };
		this.#targets.set(target, source);
		const refused = await side.explainRefusal(target, signal);
		return refused === undefined ? { source, target } : { refused: `cannot be copied to ${target}: ${refused}` };
	}
}

/** Comes after every tag and every digest. */
const END_OF_REFERENCES = "~";
