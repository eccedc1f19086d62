// A registry under strace that takes one write of each kind.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "#/oci/digest.ts";
import { ADMIN_AUTHORIZATION, type LimaniProcess, startLimani } from "./limani-process.ts";
import { RawConnection, type RawResponse } from "./raw-http.ts";
import { imageOf } from "./registry.ts";
import type { Act, Stored } from "./syscall-proof.ts";
import { parseTrace, type Syscall, TRACED } from "./syscall-trace.ts";

/** The writes, and what was seen of them. */
export interface TracedRun {
	readonly calls: readonly Syscall[];
	/** By what they were. */
	readonly acts: ReadonlyMap<string, Act>;
}

/**
 * Runs a registry on `dataDir` and has it acknowledge each kind of write, each over a new connection, one by one.
 *
 * @param strace the program
 * @param faults variables of syscall-fault.ts
 */
export const traceWrites = async (
	strace: string,
	dataDir: string,
	faults: Readonly<Record<string, string>> = {},
): Promise<TracedRun> => {
	const file = join(dataDir, "trace");
	const wrapper = [strace, "-f", "-yy", "-s", "64", "--seccomp-bpf", "-e", TRACED, "-o", file];
	const preload = `--import=${new URL("./syscall-fault.ts", import.meta.url).href}`;
	const environment = { ...faults, ...(Object.keys(faults).length > 0 && { NODE_OPTIONS: preload }) };
	const limani = await startLimani({ dataDir, wrapper, environment });
	const acts = new Map<string, Act>();
	try {
		await writeEachKind(limani, acts);
	} finally {
		await stopTraced(limani);
	}
	return { calls: parseTrace(readFileSync(file, "utf8")), acts };
};

/** Stops the registry itself: strace keeps signals from itself and ends with what it traces. */
const stopTraced = async ({ child }: LimaniProcess): Promise<void> => {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const ended = once(child, "exit");
	const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
	for (const pid of children.split(/\s+/).filter((part) => part !== "")) process.kill(Number(pid), "SIGTERM");
	await ended;
};

const writeEachKind = async (limani: LimaniProcess, acts: Map<string, Act>): Promise<void> => {
	const act = async (name: string, stored: Stored, request: Request): Promise<RawResponse> => {
		const { port, response } = await send(limani, request);
		if (response.status >= 300) throw new Error(`${name}: ${response.status} ${response.body}`);
		acts.set(name, { port, stored });
		return response;
	};
	const [config, layer] = ["a config", "a layer, first half and second half"];
	const uploads = "/v2/team/app/blobs/uploads/";
	const monolithic = `${uploads}?digest=${digestOf(Buffer.from(config))}`;
	await act("a blob in one request", "whole", { method: "POST", target: monolithic, body: config });
	const large = Buffer.alloc(3 * 1024 * 1024, "large");
	await act("a large blob in one request", "whole", {
		method: "POST",
		target: `${uploads}?digest=${digestOf(large)}`,
		body: large,
	});
	const opened = await act("the opening of an upload", "nothing", { method: "POST", target: uploads });
	const location = opened.headers.location ?? "";
	const chunk = await act("a chunk", "piece", { method: "PATCH", target: location, body: layer.slice(0, 12) });
	const next = chunk.headers.location ?? "";
	const finish = `${next}${next.includes("?") ? "&" : "?"}digest=${digestOf(Buffer.from(layer))}`;
	await act("the last chunk", "whole", { method: "PUT", target: finish, body: layer.slice(12) });
	const manifest = imageOf(config, layer);
	const type = "application/vnd.oci.image.manifest.v1+json";
	const tag = "/v2/team/app/manifests/v1";
	await act("a manifest", "nothing", { method: "PUT", target: tag, body: manifest, type });
	await act("the removal of a tag", "nothing", { method: "DELETE", target: tag });
};

interface Request {
	readonly method: string;
	readonly target: string;
	readonly body?: string | Uint8Array;
	readonly type?: string;
}

const send = async (
	{ address }: LimaniProcess,
	{ method, target, body = "", type = "application/octet-stream" }: Request,
): Promise<{ readonly port: number; readonly response: RawResponse }> => {
	using connection = await RawConnection.open(Number(address.split(":")[1]));
	const bytes = Buffer.from(body);
	const { localPort: port = 0 } = connection.socket;
	connection.request(method, target, {
		authorization: ADMIN_AUTHORIZATION,
		"content-length": bytes.length,
		"content-type": type,
	});
	connection.send(bytes);
	return { port, response: await connection.response({ withinMs: 30_000 }) };
};
