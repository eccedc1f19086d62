import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { HttpClient } from "./http-client.ts";
import { ADMIN_AUTHORIZATION } from "./limani-process.ts";
import { linearize, type Operation } from "./linearizable.ts";
import { type Random, seededRandom } from "./seeded-random.ts";
import { playRound, prepare } from "./tag-clients.ts";
import { type TagAction, type TagResult, tagRegister } from "./tag-register.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
/** Seconds of each test. */
const DURATION = Number(process.env.DURATION ?? 6);

const CLIENTS = 6;
const LENGTH = 10;

/** Plays rounds for a while, each on a new tag, and checks the history of each. @param urls where the clients connect */
export const playAndCheck = async (t: TestContext, urls: readonly string[]): Promise<void> => {
	t.diagnostic(`SEED=${SEED} DURATION=${DURATION}`);
	const random: Random = seededRandom(SEED);
	const [first = ""] = urls;
	await prepare(first);
	const clients = Array.from(
		{ length: CLIENTS },
		(_, index) => new HttpClient(urls[index % urls.length] ?? first, ADMIN_AUTHORIZATION),
	);
	const end = performance.now() + DURATION * 1000;
	const figures = { rounds: 0, operations: 0, overlapping: 0, writes: 0, refused: 0 };
	for (; performance.now() < end || figures.rounds < 3; figures.rounds++) {
		const history = await playRound({ clients, tag: `t${figures.rounds}`, length: LENGTH, random });
		assert.ok(linearize(history, tagRegister), `SEED=${SEED}: not linearizable:\n${describe(history)}`);
		figures.operations += history.length;
		figures.overlapping += history.filter((operation) => history.some((other) => overlaps(operation, other))).length;
		figures.writes += history.filter(({ action, result }) => action.kind !== "read" && result?.kind === "done").length;
		figures.refused += history.filter(({ result }) => result?.kind === "refused").length;
	}
	for (const client of clients) client[Symbol.dispose]();
	t.diagnostic(JSON.stringify(figures));
	assert.ok(figures.overlapping > figures.operations / 2, "most operations met others");
	assert.ok(figures.writes > 0 && figures.refused > 0, "conditions were met and not met");
};

type TagOperation = Operation<TagAction, TagResult>;

const overlaps = (a: TagOperation, b: TagOperation): boolean =>
	a !== b && a.invoked < b.returned && b.invoked < a.returned;

const describe = (history: readonly TagOperation[]): string => {
	const short = (value: unknown): string => JSON.stringify(value)?.replace(/sha256:(\w{6})\w+/g, "$1") ?? "no answer";
	return [...history]
		.sort((a, b) => a.invoked - b.invoked)
		.map(({ client, invoked, returned, action, result }) => {
			const times = `${invoked.toFixed(2)}-${returned.toFixed(2)}`;
			return `${times} client ${client}: ${short(action)} → ${short(result)}`;
		})
		.join("\n");
};
