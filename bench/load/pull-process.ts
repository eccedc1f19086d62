// Pulls and drops what it receives, in a process of its own: see `pull.ts`.
import { close, connect, drop, Poll, receive, sendText } from "./libc.ts";
import type { PullAnswer, PullJob, PullResult } from "./pull-job.ts";

const HEAD_BYTES = 8 * 1024;
const ACCEPT = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*";
const LAST_CHUNK = Buffer.from("\r\n0\r\n\r\n");

/** One connection with its requests. */
class Connection {
	readonly fd: number;
	readonly latencies: number[] = [];
	bytes = 0;
	readonly #job: PullJob;
	readonly #paths: readonly string[];
	readonly #until: number;
	#next = 0;
	#sentAt = 0;
	#head: Buffer | undefined;
	/** Bytes of the body still to come; undefined while the head is, or where only the last chunk tells. */
	#left: number | undefined;
	#tail: Buffer | undefined;

	constructor(job: PullJob, paths: readonly string[]) {
		this.#job = job;
		this.#paths = paths;
		this.#until = performance.now() + (job.forMs ?? 0);
		this.fd = connect(job.port, job.slowly === undefined ? undefined : job.slowly.bytes);
	}

	/** Sends the next request; false when there is none. */
	ask(): boolean {
		if (this.#next === this.#paths.length && performance.now() < this.#until) this.#next = 0;
		const path = this.#paths[this.#next++];
		if (path === undefined) return false;
		const { port, authorization, method = "GET" } = this.#job;
		const credentials = authorization === undefined ? "" : `Authorization: ${authorization}\r\n`;
		this.#sentAt = performance.now();
		this.#head = Buffer.alloc(0);
		sendText(
			this.fd,
			`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: ${ACCEPT}\r\n${credentials}\r\n`,
		);
		return true;
	}

	/** Takes what has arrived, at most `max` bytes; true when it was the end of an answer. */
	take(max: number): boolean {
		if (this.#head !== undefined) {
			this.#takeHead(receive(this.fd, HEAD_BYTES), this.#head);
		} else if (this.#tail !== undefined) {
			const bytes = receive(this.fd, max);
			if (bytes !== undefined) this.#takeChunked(bytes);
		} else if (this.#left !== undefined) {
			const count = drop(this.fd, Math.min(max, this.#left));
			if (count === 0) throw new Error("the server hung up within a body");
			this.#left -= count ?? 0;
			this.bytes += count ?? 0;
		}
		if (this.#head !== undefined || this.#left !== 0) return false;
		this.latencies.push(performance.now() - this.#sentAt);
		return true;
	}

	#takeHead(bytes: Buffer | undefined, before: Buffer): void {
		if (bytes === undefined) return;
		if (bytes.length === 0) throw new Error("the server hung up before an answer");
		const all = Buffer.concat([before, bytes]);
		const end = all.indexOf("\r\n\r\n");
		if (end < 0) {
			this.#head = all;
			return;
		}
		const text = all.subarray(0, end).toString("latin1");
		if (!text.startsWith("HTTP/1.1 200")) throw new Error(`${this.#paths[this.#next - 1]}: ${all.toString("latin1")}`);
		this.#head = undefined;
		const length = /^content-length: *(\d+)/im.exec(text)?.[1];
		this.#tail = undefined;
		const body = all.subarray(end + 4);
		if (this.#job.method === "HEAD") {
			this.#left = 0;
			return;
		}
		if (length === undefined) {
			this.#left = undefined;
			this.#tail = Buffer.alloc(0);
			this.#takeChunked(body);
			return;
		}
		this.bytes += body.length;
		this.#left = Number(length) - body.length;
	}

	#takeChunked(bytes: Buffer): void {
		this.bytes += bytes.length;
		const tail = Buffer.concat([this.#tail ?? bytes, bytes]).subarray(-LAST_CHUNK.length);
		this.#tail = tail;
		if (tail.equals(LAST_CHUNK)) this.#left = 0;
	}
}

const pull = (job: PullJob): PullResult => {
	const connections = job.connections.map((paths) => new Connection(job, paths));
	try {
		const start = performance.now();
		for (const connection of connections) connection.ask();
		if (job.slowly === undefined) pullFast(connections);
		else pullSlowly(connections, job.slowly);
		const seconds = (performance.now() - start) / 1000;
		const bytes = connections.reduce((sum, connection) => sum + connection.bytes, 0);
		return { seconds, bytes, latencies: connections.flatMap((connection) => connection.latencies) };
	} finally {
		for (const connection of connections) close(connection.fd);
	}
};

const pullFast = (connections: readonly Connection[]): void => {
	const poll = new Poll(connections.map(({ fd }) => fd));
	let open = connections.length;
	while (open > 0) {
		for (const index of poll.wait()) {
			const connection = connections[index];
			if (connection === undefined || !connection.take(Number.MAX_SAFE_INTEGER) || connection.ask()) continue;
			poll.remove(index);
			open--;
		}
	}
};

const pullSlowly = (connections: readonly Connection[], pace: NonNullable<PullJob["slowly"]>): void => {
	const end = performance.now() + pace.forMs;
	while (performance.now() < end) {
		const next = performance.now() + pace.everyMs;
		for (const connection of connections) connection.take(pace.bytes);
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.max(0, next - performance.now()));
	}
};

process.on("message", (job: PullJob) => {
	const answer = (given: PullAnswer): unknown => process.send?.(given);
	try {
		answer({ result: pull(job) });
	} catch (error) {
		answer({ failed: error instanceof Error ? error.message : String(error) });
	}
});
