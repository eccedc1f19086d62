import assert from "node:assert/strict";
import { test } from "node:test";
import { ControlError } from "#/control/control-error.ts";
import { DataPlane, type DataPlaneDeps } from "#/dataplane/data-plane.ts";
import type { ControlState } from "#/metadata/control-state.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { project, soon, user } from "../conformance/control/bench.ts";
import { controlConformance } from "../conformance/control.ts";
import { openControlPlane, openSqliteState } from "../support/control-planes.ts";

controlConformance("the data plane in process", async () => openControlPlane(await openSqliteState()));

const unavailable: ControlState = {
	begin: () => Promise.reject(new MetadataError("UNAVAILABLE", "the writer is away")),
	apply: () => Promise.reject(new MetadataError("FULL", "no room is left")),
	resync: () => Promise.reject(new MetadataError("UNAVAILABLE", "the writer is away")),
	current: () => Promise.reject(new MetadataError("UNAVAILABLE", "the writer is away")),
	observe: () => Promise.reject(new TypeError("a mistake of ours")),
};

/** Usages of a registry whose database is away. */
const noUsages = {
	list: async (): Promise<never> => {
		throw new MetadataError("UNAVAILABLE", "the writer is away");
	},
};

/** Collection in a registry whose database is away. */
const noCollection: DataPlaneDeps["collection"] = { totals: noUsages.list };

/** Histories of a registry whose database is away. */
const noHistory: DataPlaneDeps["history"] = {
	ofTag: noUsages.list,
	deleted: noUsages.list,
	restoreManifest: noUsages.list,
	restoreTag: noUsages.list,
};

/** Whether an error says that the call may be tried again, and why. */
const isUnavailable =
	(message: RegExp) =>
	(error: unknown): boolean => {
		assert.ok(error instanceof ControlError);
		assert.equal(error.code, "UNAVAILABLE");
		assert.match(error.message, message);
		assert.ok(error.cause instanceof MetadataError);
		return true;
	};

test("what metadata cannot do now is UNAVAILABLE, and a mistake of ours stays what it is", async () => {
	const runs: string[] = [];
	const features = {
		sweep: async (id: string) => {
			runs.push(id);
			return {};
		},
	};
	const plane = new DataPlane({
		controlState: unavailable,
		usages: noUsages,
		collection: noCollection,
		history: noHistory,
		stores: new Set(["default"]),
		features,
	});
	const change = { epoch: 1, base: 0, upserts: [], deletes: [] };
	await assert.rejects(plane.begin({ holder: "operator" }, soon()), isUnavailable(/^begin: the writer is away$/));
	await assert.rejects(plane.apply(change, soon()), isUnavailable(/^apply: no room is left$/));
	const page = { epoch: 1, snapshot: "s", resources: [], last: true };
	await assert.rejects(plane.resync(page, soon()), isUnavailable(/^resync: the writer is away$/));
	await assert.rejects(plane.run({ epoch: 1, feature: "sweep", id: "x" }, soon()), isUnavailable(/^run: /));
	assert.deepEqual(runs, [], "who cannot be fenced is not let through");
	await assert.rejects(plane.usage({ limit: 1 }, soon()), isUnavailable(/^usage: the writer is away$/));
	await assert.rejects(plane.totals({}, soon()), isUnavailable(/^totals: the writer is away$/));
	const repository = "a/b";
	await assert.rejects(plane.history({ repository, limit: 1 }, soon()), isUnavailable(/^history: the writer is away$/));
	const wanted = { repository, tag: "v", actor: "ann" };
	await assert.rejects(plane.restore(wanted, soon()), isUnavailable(/^restore: the writer is away$/));
	await assert.rejects(plane.observe({ cursor: 0, limit: 1 }, soon()), TypeError);
});

test("aborting ends a call that metadata does not answer", async () => {
	const waiting: ControlState = { ...unavailable, apply: () => new Promise(() => undefined) };
	const plane = new DataPlane({
		controlState: waiting,
		usages: noUsages,
		collection: noCollection,
		history: noHistory,
		stores: new Set(),
		features: {},
	});
	const leaving = new AbortController();
	const applying = plane.apply({ epoch: 1, base: 0, upserts: [], deletes: [] }, leaving.signal);
	const reason = new Error("leaving");
	setImmediate(() => leaving.abort(reason));
	await assert.rejects(applying, (error: unknown) => error === reason);
});

test("who wants to know is told of every change before it is answered, and of no failure", async () => {
	const told: string[] = [];
	const changing: ControlState = {
		...unavailable,
		apply: async () => {
			told.push("applied");
			return { base: 1 };
		},
	};
	const deps = {
		usages: noUsages,
		collection: noCollection,
		history: noHistory,
		stores: new Set<string>(),
		features: {},
		onApplied: () => void told.push("told"),
	};
	const change = { epoch: 1, base: 0, upserts: [], deletes: [] };
	await new DataPlane({ ...deps, controlState: changing }).apply(change, soon());
	assert.deepEqual(told, ["applied", "told"]);
	await assert.rejects(new DataPlane({ ...deps, controlState: unavailable }).apply(change, soon()));
	assert.equal(told.length, 2);
});

test("what is invalid is not kept, since it may hold a secret", async () => {
	const kept: unknown[] = [];
	const noting: ControlState = {
		...unavailable,
		apply: async ({ upserts }) => {
			kept.push(...upserts);
			return { base: 1 };
		},
	};
	const plane = new DataPlane({
		controlState: noting,
		usages: noUsages,
		collection: noCollection,
		history: noHistory,
		stores: new Set(["default"]),
		features: {},
	});
	const upserts = [user("u1", "alice", { password: "hunter2" }), project("p1", "alpha", { store: "elsewhere" })];
	await plane.apply({ epoch: 1, base: 0, upserts, deletes: [] }, soon());
	assert.doesNotMatch(JSON.stringify(kept), /hunter2/);
	assert.match(JSON.stringify(kept), /"spec":\{\}.*"store":"elsewhere"/);
});
