import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Control } from "#/control/control.ts";
import { RemoteControl } from "#/control/remote-control.ts";
import { DataPlane, type RunnableFeatures } from "#/dataplane/data-plane.ts";
import { createControlServer } from "#/http/admin/control-server.ts";
import { CodedError } from "#/lib/coded-error.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { openSqlite } from "#/metadata/sqlite/index.ts";
import type { ControlHarness } from "../conformance/control/bench.ts";
import { createAuthority } from "./certificates.ts";

/** What stands between the tests and a data plane; it is disposed of with the adapter. */
export type Reach = (control: Control, stack: AsyncDisposableStack) => Promise<Control>;

/** A data plane over an embedded database in a directory of its own, reached as `reach` says. */
export async function openControlPlane(reach: Reach): Promise<ControlHarness> {
	const directory = await mkdtemp(join(tmpdir(), "limani-control-"));
	const stores = ["default", "second"];
	const runs: Run[] = [];
	const open = () => openOnce({ directory, stores, runs, reach });
	let opened = await open();
	return {
		get control() {
			return opened.control;
		},
		get metadata() {
			return opened.metadata;
		},
		stores,
		runs,
		reopen: async () => {
			await opened.stack.disposeAsync();
			opened = await open();
		},
		[Symbol.asyncDispose]: async () => {
			await opened.stack.disposeAsync();
			await rm(directory, { recursive: true });
		},
	};
}

/** The data plane itself, in process. */
export const openLocalPlane = (): Promise<ControlHarness> => openControlPlane(async (control) => control);

/** The data plane behind a real server, over TLS that a certification authority of the test vouches for. */
export const openRemotePlane = (): Promise<ControlHarness> => openControlPlane(overTls);

const overTls: Reach = async (control, stack) => {
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

interface Opening {
	readonly directory: string;
	readonly stores: readonly string[];
	readonly runs: Run[];
	readonly reach: Reach;
}

const openOnce = async ({
	directory,
	stores,
	runs,
	reach,
}: Opening): Promise<{ control: Control; metadata: Metadata; stack: AsyncDisposableStack }> => {
	await using opening = new AsyncDisposableStack();
	const executor = await openSqlite({ directory }, { warn: () => undefined });
	const metadata = opening.use(new SqlMetadata(executor));
	const { controlState } = metadata;
	const plane = new DataPlane({ controlState, stores: new Set(stores), features: featuresOf(runs) });
	const control = await reach(plane, opening);
	return { control, metadata, stack: opening.move() };
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
