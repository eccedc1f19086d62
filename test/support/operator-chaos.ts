import type { Faults, RequestFault, WatchFault } from "#/kube-embedded/faults.ts";
import type { World } from "./operator-world.ts";
import { pick, type Random, randomBelow } from "./seeded-random.ts";

/** Lets bad luck befall the operator's requests, its watches and the data planes, until {@link makePeace}. */
export const makeWar = (world: World, random: Random): void => {
	world.faults = { request: () => requestFault(random), watch: () => watchFault(random) };
	world.planes.fault = () => (random() < 0.15 ? pick(random, ["unavailable", "lost"] as const) : undefined);
};

/** An outage of the API: every request of the operator's breaks off. */
export const cutOff = (world: World): void => {
	const request: Faults["request"] = () => ({ kind: "cut" });
	world.faults = { ...world.faults, request };
};

/** No more faults; watches that were told to be silent still are. */
export const makePeace = (world: World): void => {
	world.faults = {};
	world.planes.fault = () => undefined;
};

const requestFault = (random: Random): RequestFault | undefined => {
	if (random() > 0.12) return undefined;
	if (random() < 0.05) return { kind: "hang" };
	return pick<RequestFault>(random, [
		{ kind: "answer", status: 429, retryAfterSeconds: 1 },
		{ kind: "answer", status: 500 },
		{ kind: "answer", status: 503 },
		{ kind: "answer", status: 504 },
		{ kind: "delay", ms: randomBelow(random, 300) },
		{ kind: "delay", ms: randomBelow(random, 300) },
		{ kind: "cut" },
		{ kind: "cut-after" },
		{ kind: "cut-after" },
	]);
};

const watchFault = (random: Random): WatchFault | undefined => {
	const after = randomBelow(random, 20);
	// These take long to be noticed.
	if (random() < 0.02) return { silentAfter: after };
	return pick<WatchFault | undefined>(random, [
		undefined,
		{ dropAfter: after },
		{ goneAfter: after },
		{ duplicate: true },
		{ delayMs: randomBelow(random, 200) },
	]);
};
