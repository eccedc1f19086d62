import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../eventually.ts";

/** How often each replica is asked whether it is ready, milliseconds. */
const LOOK_MS = 200;
const LOOK_TIMEOUT_MS = 1_000;
/** As a Service does, it takes one that does not answer in time for ready until it has not for the third time. */
const MOST_UNANSWERED = 3;

/** Where a replica is. */
export interface Backend {
	readonly host: string;
	readonly port: number;
}

/**
 * A plain round robin as a Service is one: each connection goes to the next replica that says it is ready, or where none
 * does to the next one, and what was begun stays where it is. It knows no HTTP and repeats nothing.
 */
export class Balancer implements AsyncDisposable {
	readonly #backends: readonly Backend[];
	readonly #ready = new Set<Backend>();
	/** Those that nobody is sent to. */
	readonly #left = new Set<Backend>();
	/** Connections to each of them. */
	readonly #connections = new Map<Backend, number>();
	readonly #sockets = new Set<Socket>();
	readonly #server = createServer((client) => this.#pass(client));
	readonly #ending = new AbortController();
	#next = 0;

	private constructor(backends: readonly Backend[]) {
		this.#backends = backends;
	}

	/** Listens on loopback. */
	static async open(backends: readonly Backend[]): Promise<Balancer> {
		const balancer = new Balancer(backends);
		balancer.#server.listen(0, "127.0.0.1");
		await once(balancer.#server, "listening");
		for (const backend of backends) void balancer.#watch(backend);
		return balancer;
	}

	/** Where clients connect. */
	get url(): string {
		const address = this.#server.address();
		if (address === null || typeof address === "string") throw new Error("no address");
		return `http://127.0.0.1:${address.port}`;
	}

	/** How many replicas are ready. */
	get ready(): number {
		return this.#ready.size;
	}

	/** Sends nobody to a replica any more, whatever it says, and waits until what was begun there is over. */
	async leave(backend: Backend): Promise<void> {
		this.#left.add(backend);
		await eventually(() => {
			const count = this.#connections.get(backend) ?? 0;
			if (count > 0) throw new Error(`${count} connections to ${backend.host}:${backend.port} do not end`);
		});
	}

	/** Sends clients there again when it is ready. */
	join(backend: Backend): void {
		this.#left.delete(backend);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#ending.abort();
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await once(this.#server, "close");
	}

	async #watch(backend: Backend): Promise<void> {
		const { signal } = this.#ending;
		for (let unanswered = 0; !signal.aborted; ) {
			const answer = await look(backend, signal);
			unanswered = answer === "none" ? unanswered + 1 : 0;
			if (answer === "ready") this.#ready.add(backend);
			else if (answer === "unready" || unanswered >= MOST_UNANSWERED) this.#ready.delete(backend);
			await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
		}
	}

	#choose(): Backend | undefined {
		const count = this.#backends.length;
		const isAnyReady = this.#backends.some((backend) => this.#ready.has(backend) && !this.#left.has(backend));
		for (let i = 0; i < count; i++) {
			const backend = this.#backends[(this.#next + i) % count];
			if (backend === undefined || this.#left.has(backend)) continue;
			if (isAnyReady && !this.#ready.has(backend)) continue;
			this.#next = (this.#next + i + 1) % count;
			return backend;
		}
		return undefined;
	}

	#count(backend: Backend, more: number): void {
		this.#connections.set(backend, (this.#connections.get(backend) ?? 0) + more);
	}

	#pass(client: Socket): void {
		const backend = this.#choose();
		if (backend === undefined) return void client.destroy();
		const server = connect(backend.port, backend.host);
		this.#count(backend, 1);
		server.once("close", () => this.#count(backend, -1));
		for (const [from, to] of [
			[client, server],
			[server, client],
		] as const) {
			this.#sockets.add(from);
			from.setNoDelay();
			from.on("error", () => to.destroy());
			from.once("close", () => {
				this.#sockets.delete(from);
				to.destroySoon();
			});
			from.pipe(to);
		}
	}
}

/** What a replica says of itself; who does not listen is not ready. */
const look = async ({ host, port }: Backend, signal: AbortSignal): Promise<"ready" | "unready" | "none"> => {
	const late = AbortSignal.timeout(LOOK_TIMEOUT_MS);
	try {
		const response = await fetch(`http://${host}:${port}/readyz`, { signal: AbortSignal.any([signal, late]) });
		await response.arrayBuffer();
		return response.ok ? "ready" : "unready";
	} catch {
		return late.aborted ? "none" : "unready";
	}
};
