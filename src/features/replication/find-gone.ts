import type { ReplicaInRepository } from "#/metadata/replicas.ts";
import type { Pair } from "./copier.ts";
import type { RunContext } from "./run-context.ts";

/** Rows of one page. */
const PAGE = 500;

/**
 * Notes which of a repository's copies the source has no more, after all of it was listed. Nothing is taken away here.
 *
 * @param seen tags and referrers that the source has, selected or not
 */
export const findGone = async (
	run: RunContext,
	pair: Pair,
	seen: ReadonlySet<string>,
	signal: AbortSignal,
): Promise<void> => {
	const { replicas, policy } = run;
	let last = "";
	for (;;) {
		const after = { repository: pair.target, reference: last };
		const page = await replicas.list(policy, { within: pair.target, after, limit: PAGE }, signal);
		const missing = page.filter(({ reference }) => !seen.has(reference));
		await note(run, pair, await confirm(run, missing, signal));
		last = page.at(-1)?.reference ?? "";
		if (page.length < PAGE) return;
	}
};

/**
 * Those that the source says not to have when it is asked for each by name: what a listing leaves out may still be there,
 * and what the policy does not select any more is.
 */
const confirm = async (
	{ source, gone }: RunContext,
	rows: readonly ReplicaInRepository[],
	signal: AbortSignal,
): Promise<readonly ReplicaInRepository[]> => {
	// Too many already: nothing will be taken away, so nothing more needs to be known.
	if (rows.length === 0 || gone.isTooMany) return [];
	const absent: ReplicaInRepository[] = [];
	for (const [name, group] of Map.groupBy(rows, (row) => row.source)) {
		const references = group.map(({ reference }) => reference);
		const there = await source.digests(name, references, signal);
		absent.push(...group.filter(({ reference }) => !there.has(reference)));
	}
	return absent;
};

const note = async (run: RunContext, pair: Pair, rows: readonly ReplicaInRepository[]): Promise<void> => {
	const { replicas, policy, spec, gone } = run;
	const forgotten: string[] = [];
	const kept: ReplicaInRepository[] = [];
	for (const row of rows) {
		// A run that was killed may have put it there without coming to remember that.
		const targetDigest = row.isOurs ? (row.targetDigest ?? row.pending) : row.pending;
		// What never got there, or is somebody else's there, is of no concern any more.
		if (targetDigest === undefined) forgotten.push(row.reference);
		else if (spec.mode === "Mirror") gone.add({ ...row, targetDigest, target: pair.target });
		else if (row.state !== "gone") kept.push({ ...row, state: "gone", pending: undefined, behindSince: undefined });
	}
	if (forgotten.length > 0) await replicas.forget(policy, pair.target, forgotten);
	if (kept.length > 0) await replicas.put(policy, pair.target, kept);
};
