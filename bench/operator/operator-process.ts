import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/support/free-ports.ts";
import { startChild } from "../servers/child.ts";

/** A real `limani operator`. */
export interface OperatorProcess extends AsyncDisposable {
	readonly pid: number;
	/** What it sent to the API server since its start, by method. */
	requests(): Promise<ReadonlyMap<string, number>>;
	/** Milliseconds that each reconcile took whose line was written since the last call. */
	reconciles(): readonly number[];
	/** Connections to the API server that are open now. */
	connections(): number;
	/** Ends it. */
	stop(): Promise<void>;
}

/** What the process is told. */
export interface OperatorProcessOpts {
	readonly folder: string;
	readonly kubeconfig: string;
	/** Where the API server listens. */
	readonly apiPort: number;
	/** The address of loopback where the Services of the cluster are. */
	readonly services: string;
}

/** The bounds, in MiB, that Node gives itself in a container with the chart's limit of 512 MiB; here is no container. */
const HEAP = ["--max-old-space-size=256", "--max-semi-space-size=4"];

/** Starts it, and waits until it answers; it may not have read anything by then. */
export const startOperator = async ({
	folder,
	kubeconfig,
	apiPort,
	services,
}: OperatorProcessOpts): Promise<OperatorProcess> => {
	const port = await freePort();
	const logFile = join(folder, `operator-${port}.log`);
	const hook = new URL("./loopback-services.ts", import.meta.url).href;
	const options = ["--kubeconfig", kubeconfig, "--image", "limani:bench", "--listen", `127.0.0.1:${port}`];
	const child = await startChild({
		command: [process.execPath, ...HEAP, "--import", hook, "src/main.ts", "operator", ...options],
		logFile,
		environment: { LIMANI_BENCH_SERVICES: services },
		probe: `http://127.0.0.1:${port}/livez`,
	});
	const log = new LogReader(logFile);
	return {
		pid: child.pid,
		requests: async () => readRequests(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
		reconciles: () => log.next().flatMap(durationOf),
		connections: () => connectionsTo(child.pid, apiPort),
		stop: () => child.stop(),
		[Symbol.asyncDispose]: () => child.stop(),
	};
};

const readRequests = (metrics: string): ReadonlyMap<string, number> => {
	const sums = new Map<string, number>();
	for (const [, method = "", count] of metrics.matchAll(
		/^rest_client_requests_total\{[^}]*method="(\w+)"[^}]*\} (\d+)/gm,
	)) {
		sums.set(method, (sums.get(method) ?? 0) + Number(count));
	}
	return sums;
};

const durationOf = (line: string): readonly number[] => {
	const found = line.includes('"message":"reconcile"') ? /"durationMs":([\d.]+)/.exec(line)?.[1] : undefined;
	return found === undefined ? [] : [Number(found)];
};

/** The lines of a file, as they are added to it. */
class LogReader {
	readonly #path: string;
	readonly #buffer = Buffer.alloc(1 << 20);
	#at = 0;
	#rest = "";

	constructor(path: string) {
		this.#path = path;
	}

	next(): readonly string[] {
		if (!existsSync(this.#path)) return [];
		const file = openSync(this.#path, "r");
		let text = this.#rest;
		try {
			for (let read = -1; read !== 0; this.#at += read) {
				read = readSync(file, this.#buffer, 0, this.#buffer.length, this.#at);
				text += this.#buffer.toString("utf8", 0, read);
			}
		} finally {
			closeSync(file);
		}
		const lines = text.split("\n");
		this.#rest = lines.pop() ?? "";
		return lines;
	}
}

const ESTABLISHED = "01";

/** How many of the process's sockets are connected to that port of loopback. */
const connectionsTo = (pid: number, port: number): number => {
	const folder = `/proc/${pid}/fd`;
	const own = new Set(
		readdirSync(folder).flatMap((fd) => {
			try {
				return [/^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, fd)))?.[1]];
			} catch {
				return [];
			}
		}),
	);
	const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
	return readFileSync(`/proc/${pid}/net/tcp`, "utf8")
		.split("\n")
		.map((line) => line.trim().split(/\s+/))
		.filter((fields) => fields[2]?.endsWith(wanted) === true && fields[3] === ESTABLISHED && own.has(fields[9])).length;
};
