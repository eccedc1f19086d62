import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MasterKey } from "#/auth/master-key.ts";
import type { Control } from "#/control/control.ts";
import { RemoteControl } from "#/control/remote-control.ts";
import { DataPlane, type Explain, type RunnableFeatures } from "#/dataplane/data-plane.ts";
import { Explainer } from "#/features/retention/explainer.ts";
import { createControlServer } from "#/http/admin/control-server.ts";
import { CodedError } from "#/lib/coded-error.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { openSqlite } from "#/metadata/sqlite/index.ts";
import type { ControlHarness } from "../conformance/control/bench.ts";
import { createAuthority } from "./certificates.ts";
import { openInspectedMetadata } from "./sqlite-metadata.ts";

/** Where a data plane keeps its state. */
export interface PlaneState extends AsyncDisposable {
	readonly metadata: Metadata;
	/** Closes it and opens it again. */
	reopen(): Promise<PlaneState>;
}

/** What stands between the tests and a data plane; it is disposed of with the adapter. */
export type Reach = (control: Control, stack: AsyncDisposableStack) => Promise<Control>;

/** A data plane over `state`, which then belongs to it, reached as `reach` says. */
export async function openControlPlane(state: PlaneState, reach: Reach = inProcess): Promise<ControlHarness> {
	const stores = ["default", "second"];
	const runs: Run[] = [];
	const archive: ControlHarness["archive"] = { standing: undefined };
	const open = (from: PlaneState) => openOnce({ state: from, stores, runs, archive, reach });
	let opened = await open(state);
	return {
		get control() {
			return opened.control;
		},
		get metadata() {
			return opened.state.metadata;
		},
		stores,
		runs,
		archive,
		reopen: async () => {
			await opened.stack.disposeAsync();
			opened = await open(await opened.state.reopen());
		},
		[Symbol.asyncDispose]: async () => {
			await opened.stack.disposeAsync();
			await opened.state[Symbol.asyncDispose]();
		},
	};
}

/** State in the embedded database as a registry opens it, in a directory that goes with it. */
export async function openSqliteState(): Promise<PlaneState> {
	const directory = await mkdtemp(join(tmpdir(), "limani-control-"));
	const open = async (): Promise<PlaneState> => {
		const metadata = new SqlMetadata(await openSqlite({ directory }, { warn: () => undefined }));
		return {
			metadata,
			reopen: async () => {
				await metadata[Symbol.asyncDispose]();
				return await open();
			},
			[Symbol.asyncDispose]: async () => {
				await metadata[Symbol.asyncDispose]();
				await rm(directory, { recursive: true });
			},
		};
	};
	return await open();
}

/** State that is quick to open, for tests of what lies before it. */
export async function openQuickState(): Promise<PlaneState> {
	const inspected = await openInspectedMetadata();
	const state: PlaneState = {
		metadata: inspected.metadata,
		reopen: async () => state,
		[Symbol.asyncDispose]: () => inspected[Symbol.asyncDispose](),
	};
	return state;
}

const inProcess: Reach = async (control) => control;

/** Behind a real server, over TLS that a certification authority of the test vouches for. */
export const overTls: Reach = async (control, stack) => {
	const authority = createAuthority();
	const token = "the registry's control token";
	const server = createControlServer({ control, token, tls: authority.issue(), report: () => undefined });
	const url = await listen(server, stack);
	return stack.use(new RemoteControl({ url, token, ca: authority.ca }));
};

/** Lets a server listen on loopback until the stack is disposed of; resolves to its origin, of https. */
export async function listen(
	server: ReturnType<typeof createControlServer>,
	stack: AsyncDisposableStack,
	scheme: "http" | "https" = "https",
): Promise<string> {
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject).listen(0, "127.0.0.1", resolve);
	});
	stack.defer(async () => {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	});
	const address = server.address();
	if (!isAddressInfo(address)) throw new Error("the server has no port");
	return `${scheme}://127.0.0.1:${address.port}`;
}

const isAddressInfo = (address: AddressInfo | string | null): address is AddressInfo =>
	typeof address === "object" && address !== null;

interface Run {
	readonly feature: string;
	readonly id: string;
	aborted: boolean;
}

/** The master key of the data planes that tests open. */
export const planeKey = new MasterKey(new Uint8Array(32).fill(7));

interface Opening {
	readonly state: PlaneState;
	readonly stores: readonly string[];
	readonly runs: Run[];
	readonly archive: ControlHarness["archive"];
	readonly reach: Reach;
}

const openOnce = async ({
	state,
	stores,
	runs,
	archive,
	reach,
}: Opening): Promise<{ control: Control; state: PlaneState; stack: AsyncDisposableStack }> => {
	await using opening = new AsyncDisposableStack();
	const { controlState, usages, collection, history, policies, artifacts } = state.metadata;
	const secrets = { sealer: planeKey, policies };
	const features = featuresOf(runs);
	const explainer = new Explainer({ policies, artifacts, now: async () => Date.now() });
	const explain: Explain = (request, signal) => explainer.page(request, signal);
	const common = { controlState, usages, collection, history, secrets, features, explain };
	const standing = async () => archive.standing;
	const plane = new DataPlane({ ...common, stores: new Set(stores), archive: standing });
	const control = await reach(plane, opening);
	return { control, state, stack: opening.move() };
};

const featuresOf = (runs: Run[]): RunnableFeatures => {
	const note = (feature: string, id: string): Run => {
		const run: Run = { feature, id, aborted: false };
		runs.push(run);
		return run;
	};
	return {
		probe: async (id) => {
			note("probe", id);
			return { subject: id, count: 3, whole: true };
		},
		broken: async (id) => {
			note("broken", id);
			throw new TypeError("the inner workings");
		},
		refusing: async (id) => {
			note("refusing", id);
			throw new CodedError("GONE", "the bucket is gone");
		},
		endless: async (id, signal) => {
			const run = note("endless", id);
			await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
			run.aborted = true;
			throw signal.reason;
		},
	};
};
