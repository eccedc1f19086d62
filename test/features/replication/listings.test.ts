import assert from "node:assert/strict";
import { test } from "node:test";
import { RemoteError } from "#/client/remote-error.ts";
import type { RemoteRegistry, TaggedDigest } from "#/client/remote-registry.ts";
import { digestOf } from "#/oci/digest.ts";
import { countWrites, inWorld, type ReplicationPlace } from "../../support/replication-world.ts";

/** What a list has in place of the truth. */
type Lie = (page: readonly TaggedDigest[]) => AsyncIterable<readonly TaggedDigest[]>;

async function* truth(page: readonly TaggedDigest[]): AsyncGenerator<readonly TaggedDigest[]> {
	yield page;
}

/** A way to a registry whose lists can be made to lie, and what it was asked. */
const watched = () => {
	const asked = { heads: 0, lists: 0, referrers: 0 };
	const state: { lie: Lie; breaks: boolean } = { lie: truth, breaks: false };
	const disguise = (remote: RemoteRegistry): RemoteRegistry => ({
		...countWrites(remote, { count: 0, uploaded: [] }),
		head: (repository, reference, signal) => {
			asked.heads++;
			return remote.head(repository, reference, signal);
		},
		tagDigests: async (repository, signal) => {
			asked.lists++;
			const pages = await remote.tagDigests(repository, signal);
			if (pages === undefined) return undefined;
			return state.lie((await Array.fromAsync(pages)).flat());
		},
		referrers: (repository, subject, signal) => {
			asked.referrers++;
			return remote.referrers(repository, subject, signal);
		},
		attached: async (repository, signal) => {
			const pages = await remote.attached(repository, signal);
			return pages && (state.breaks ? broken(pages) : pages);
		},
	});
	const reset = (): void => void Object.assign(asked, { heads: 0, lists: 0, referrers: 0 });
	return { asked, state, disguise, reset };
};

async function* broken<T>(pages: AsyncIterable<readonly T[]>): AsyncGenerator<readonly T[]> {
	for await (const page of pages) yield page.slice(1);
	throw new RemoteError("FAILED", "503");
}

const TAGS = Array.from({ length: 24 }, (_, i) => `v${String(i).padStart(2, "0")}`);
const MIRROR = { mode: "Mirror", guard: { maxShare: 100, minimum: 100 } } as const;

const fill = async (place: ReplicationPlace, text = ""): Promise<void> => {
	for (const tag of TAGS) await place.push("p/app", tag, { layers: [`${tag}${text}`] });
};

const nowhere = digestOf(Buffer.from("nowhere"));

const lies: readonly (readonly [string, Lie])[] = [
	["has nothing", () => truth([])],
	["lacks every second tag", (page) => truth(page.filter((_, i) => i % 2 === 0))],
	[
		"gives tags what others name",
		(page) => truth(page.map(({ tag }, i) => ({ tag, digest: page[(i + 1) % page.length]?.digest ?? nowhere }))),
	],
	["gives tags what is nowhere", (page) => truth(page.map(({ tag }) => ({ tag, digest: nowhere })))],
	["has tags that are nowhere", (page) => truth([...page, { tag: "v99", digest: nowhere }])],
	[
		"fails in its middle",
		async function* (page) {
			yield page.slice(0, 5);
			throw new RemoteError("FAILED", "503");
		},
	],
	[
		"fails at once",
		// biome-ignore lint/correctness/useYield: it fails
		async function* () {
			throw new RemoteError("INVALID", "no list");
		},
	],
];

for (const direction of ["Pull", "Push"] as const) {
	test(`${direction}: where all agrees, nothing of a registry that lists digests is asked for by name`, async () => {
		const { asked, disguise, reset } = watched();
		await inWorld(
			{ direction },
			async ({ source, policy }) => {
				await fill(source);
				for (const subject of Object.values(await source.tags())) {
					await source.push("p/app", undefined, { layers: ["signature"], subject });
				}
				await policy.agree();
				reset();
				const { figures } = await policy.agree();
				assert.deepEqual([figures?.copied, figures?.skipped], [0, 2 * TAGS.length]);
				assert.deepEqual(asked, { heads: 0, lists: 1, referrers: 0 });
			},
			disguise,
		);
	});

	for (const [what, lie] of lies) {
		test(`${direction}: a list that ${what} copies nothing wrong, and takes nothing away`, async () => {
			const { state, disguise } = watched();
			await inWorld(
				{ direction, ...MIRROR },
				async ({ source, target, policy }) => {
					await fill(source);
					state.lie = lie;
					await policy.agree();
					assert.deepEqual(await target.tags(), await source.tags());
					await source.push("p/app", "v03", { layers: ["other"] });
					await source.remove("p/app", "v05");
					await source.push("p/app", "v30", { layers: ["new"] });
					const { figures } = await policy.agree();
					assert.deepEqual([figures?.copied, figures?.removed], [2, 1]);
					assert.deepEqual(await target.tags(), await source.tags());
					const again = await policy.agree();
					assert.deepEqual([again.figures?.copied, again.figures?.removed], [0, 0]);
				},
				disguise,
			);
		});
	}
}

test("Push: what somebody else moved at the target is found by the list, and moved back", async () => {
	const { asked, disguise, reset } = watched();
	await inWorld(
		{ direction: "Push" },
		async ({ source, target, policy }) => {
			await fill(source);
			await policy.agree();
			await target.push("p/app", "v07", { layers: ["theirs"] });
			reset();
			const { figures, report } = await policy.agree();
			assert.deepEqual([figures?.copied, report?.diverged], [1, 1]);
			assert.deepEqual(await target.tags(), await source.tags());
			assert.ok(asked.heads < 5, `${asked.heads}`);
		},
		disguise,
	);
});

test("Push: what a list says to have been moved is asked for before it is taken for that", async () => {
	const { state, disguise } = watched();
	await inWorld(
		{ direction: "Push" },
		async ({ source, policy }) => {
			await fill(source);
			await policy.agree();
			state.lie = (page) => truth(page.map(({ tag }) => ({ tag, digest: nowhere })));
			const { figures, report } = await policy.agree();
			assert.deepEqual([figures?.copied, report?.diverged, figures?.skipped], [0, 0, TAGS.length]);
		},
		disguise,
	);
});

test("Pull: what a list has from before is caught up with as soon as it has it no more", async () => {
	const { state, disguise } = watched();
	await inWorld(
		{ direction: "Pull", ...MIRROR },
		async ({ source, target, policy }) => {
			await fill(source);
			await policy.agree();
			const before = Object.entries(await source.tags());
			const old = before.map(([name, digest]) => ({ tag: name.replace("p/app:", ""), digest }));
			await fill(source, " moved");
			await source.remove("p/app", "v01");
			state.lie = () => truth(old);
			const first = await policy.agree();
			assert.deepEqual([first.figures?.copied, first.figures?.removed], [0, 1], "deleted is what the source says is");
			state.lie = truth;
			await policy.agree();
			assert.deepEqual(await target.tags(), await source.tags());
		},
		disguise,
	);
});

test("Pull: a list of referrers that breaks off takes none away, and the run says so", async () => {
	const { state, disguise } = watched();
	await inWorld(
		{ direction: "Pull", ...MIRROR },
		async ({ source, target, policy }) => {
			const image = await source.push("p/app", "v1", { layers: ["one"] });
			for (const layer of ["a", "b", "c"]) await source.push("p/app", undefined, { layers: [layer], subject: image });
			await policy.agree();
			const signatures = await target.referrers("p/app", image);
			assert.equal(signatures.length, 3);
			state.breaks = true;
			const run = await policy.run();
			assert.deepEqual([run.outcome, run.figures?.removed], ["Failed", 0], run.message);
			assert.deepEqual(await target.referrers("p/app", image), signatures);
			state.breaks = false;
			await policy.agree();
		},
		disguise,
	);
});

test("Pull: a list of referrers without end is given up, and the run says so", async () => {
	const page = Array.from({ length: 250_000 }, () => ({ digest: nowhere, subject: nowhere, parents: [] }));
	let pages = 0;
	const endless = (remote: RemoteRegistry): RemoteRegistry => ({
		...countWrites(remote, { count: 0, uploaded: [] }),
		attached: async () =>
			(async function* () {
				for (; pages < 100; pages++) yield page;
			})(),
	});
	await inWorld(
		{ direction: "Pull" },
		async ({ source, policy }) => {
			await source.push("p/app", "v1", { layers: ["one"] });
			const run = await policy.run();
			assert.equal(run.outcome, "Failed");
			assert.match(run.message, /lists more than 1000000 referrers of p\/app/);
			assert.equal(pages, 4);
		},
		endless,
	);
});

test("Push: an event that is about a few tags reads no list", async () => {
	const { asked, disguise, reset } = watched();
	await inWorld(
		{ direction: "Push", onEvent: true },
		async ({ source, policy }) => {
			await fill(source);
			await policy.agree("Event");
			while (await policy.hasEvent()) await policy.agree("Event");
			reset();
			await source.push("p/app", "v03", { layers: ["other"] });
			const { figures } = await policy.agree("Event");
			assert.equal(figures?.copied, 1);
			assert.equal(asked.lists, 0);
		},
		disguise,
	);
});
