// What a real registry asks of a real kernel: no answer leaves before everything it promises was made durable.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { requirePart } from "../../support/parts.ts";
import { brokenPromises } from "../../support/syscall-proof.ts";
import { traceWrites } from "../../support/syscall-run.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

/** What each kind of write failed to make durable. */
const findBroken = async (
	t: TestContext,
	strace: string,
	faults?: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, readonly string[]>>> => {
	const dataDir = temporaryDirectory(t);
	const { calls, acts } = await traceWrites(strace, dataDir, faults);
	return Object.fromEntries([...acts].map(([name, act]) => [name, brokenPromises(calls, dataDir, act)]));
};

const BLOBS = ["a blob in one request", "a large blob in one request", "the last chunk"] as const;
const PIECES = ["a chunk", ...BLOBS] as const;
const ALL = [...PIECES, "the opening of an upload", "a manifest", "the removal of a tag"] as const;

test("every write is durable, bytes, names and metadata, before its answer begins", async (t) => {
	const strace = requirePart(t, "strace");
	if (strace === undefined) return;
	const broken = await findBroken(t, strace);
	assert.deepEqual(broken, Object.fromEntries(ALL.map((name) => [name, []])));
});

/** What is left out, and which writes then promise what is not so. */
const FAULTS = [
	{
		title: "the fsync of staged files",
		faults: { LIMANI_TEST_SKIP_FSYNC: "/staged/[^/]+/[^/]+$" },
		acts: PIECES,
		promise: /the staged file was not fsynced/,
	},
	{
		title: "the fsync of the directories of staged files",
		faults: { LIMANI_TEST_SKIP_FSYNC: "/staged/[^/]+$" },
		acts: PIECES,
		promise: /the name of the staged file is not|the directory of the staged file was not/,
	},
	{
		title: "the fsync of the directories of blobs",
		faults: { LIMANI_TEST_SKIP_FSYNC: "/data/[^/]+$" },
		acts: BLOBS,
		promise: /the directory of the blob was not fsynced/,
	},
	{
		title: "the fsync of the directory that those are in",
		faults: { LIMANI_TEST_SKIP_FSYNC: "/data$" },
		acts: BLOBS,
		promise: /the directory of the blob was not durable/,
	},
	{
		title: "the fsync of the metadata's log",
		faults: { LIMANI_TEST_SYNCHRONOUS: "NORMAL" },
		acts: ALL,
		promise: /the log of the metadata was not fsynced/,
	},
] as const;

for (const { title, faults, acts, promise } of FAULTS) {
	test(`leaving out ${title} is noticed`, async (t) => {
		const strace = requirePart(t, "strace");
		if (strace === undefined) return;
		const broken = await findBroken(t, strace, faults);
		for (const act of acts) assert.match((broken[act] ?? []).join("; "), promise, act);
	});
}
