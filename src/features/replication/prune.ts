import { RemoteError } from "#/client/remote-error.ts";
import { inParallel } from "#/lib/in-parallel.ts";
import { isDigest } from "#/oci/digest.ts";
import { readManifest } from "./choose-artifact.ts";
import type { GoneCopy, RunContext } from "./run-context.ts";

/** A tag that the source had in this run. */
export interface Witness {
	readonly repository: string;
	readonly tag: string;
}

/** Why nothing was taken away; absent: what had gone was. */
export type PruneOutcome = { readonly stopped: string } | undefined;

/** Tags of a repository that are looked through to see that a digest is nobody else's. */
const MAX_TAGS = 1_000;
/** Manifests that are looked into at the same time. */
const QUESTIONS = 8;

/**
 * Takes away at the target what the policy copied there and the source has no more, or nothing at all, when that would
 * be too much, or when the source does not show that it is whole: it must have some tag, and have it still.
 */
export const prune = async (
	run: RunContext,
	witness: Witness | undefined,
	signal: AbortSignal,
): Promise<PruneOutcome> => {
	const { gone, source, spec, tally } = run;
	if (gone.count === 0) return undefined;
	if (gone.isTooMany) {
		const { maxShare, minimum } = spec.guard;
		const limit = `at most ${gone.allowed} may go at once (${maxShare} % of what was copied, fewer than ${minimum} always)`;
		return { stopped: `${gone.count} or more copies have gone at the source and ${limit}: nothing was removed` };
	}
	if (!source.isLocal && !(await isAlive(run, witness, signal))) {
		const copies = `${gone.count} copies at the target`;
		return {
			stopped: `the source shows no tag at all, which is not taken for empty: ${copies} stay, nothing was removed`,
		};
	}
	await inParallel(gone.found, spec.concurrency, async (copy) => {
		try {
			if (await removeCopy(run, copy, signal)) tally.removed += 1;
			tally.worked();
		} catch (error) {
			signal.throwIfAborted();
			tally.fail(`removing ${copy.target} ${copy.reference}`, error);
		}
	});
	return undefined;
};

const isAlive = async ({ source }: RunContext, witness: Witness | undefined, signal: AbortSignal): Promise<boolean> =>
	witness !== undefined && (await source.registry.head(witness.repository, witness.tag, signal)) !== undefined;

/** False: somebody else moved it meanwhile, so that it is not the policy's any more, or it is gone there too. */
const removeCopy = async (run: RunContext, copy: GoneCopy, signal: AbortSignal): Promise<boolean> => {
	const { target, replicas, policy } = run;
	const { reference, targetDigest } = copy;
	const current = await target.registry.head(copy.target, reference, signal);
	const isOurs = current === targetDigest;
	if (isOurs) await removeReference(run, copy, signal);
	await replicas.forget(policy, copy.target, [reference]);
	return isOurs;
};

const removeReference = async (run: RunContext, copy: GoneCopy, signal: AbortSignal): Promise<void> => {
	const { target } = run;
	try {
		await target.registry.remove(copy.target, copy.reference, signal);
	} catch (error) {
		const isTag = !isDigest(copy.reference);
		if (!(error instanceof RemoteError) || error.code !== "INVALID" || !isTag) throw error;
		// A registry that cannot delete a tag alone deletes the manifest, which takes every tag of it along.
		const needed = await explainNeed(run, copy, signal);
		if (needed !== undefined) throw stays(error, needed);
		await target.registry.remove(copy.target, copy.targetDigest, signal);
	}
};

const stays = (cause: RemoteError, why: string): RemoteError =>
	new RemoteError("INVALID", `${cause.message}, and ${why}`, { cause });

/** Who else at the target needs the manifest that a tag names; undefined: nobody. */
const explainNeed = async (
	{ target }: RunContext,
	copy: GoneCopy,
	signal: AbortSignal,
): Promise<string | undefined> => {
	const pages = await target.registry.tags(copy.target, signal);
	const others: string[] = [];
	for await (const page of pages ?? []) {
		others.push(...page.filter((tag) => tag !== copy.reference));
		if (others.length > MAX_TAGS) return "there are too many others to look through";
	}
	const digests = new Set((await target.digests(copy.target, others, signal)).values());
	if (digests.has(copy.targetDigest)) return "another tag of the target names what it is";
	let isPart = false;
	await inParallel(digests, QUESTIONS, async (digest) => {
		const found = isPart ? undefined : await target.registry.manifest(copy.target, digest, signal);
		if (found !== undefined && readManifest(found).parsed.children.includes(copy.targetDigest)) isPart = true;
	});
	return isPart ? "an index of the target names what it is" : undefined;
};
