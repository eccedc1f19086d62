import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

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
		for (let i = 0; i < count; i++) {
			const backend = this.#backends[(this.#next + i) % count];
			if (backend === undefined || (this.#ready.size > 0 && !this.#ready.has(backend))) continue;
			this.#next = (this.#next + i + 1) % count;
			return backend;
		}
		return undefined;
	}

	#pass(client: Socket): void {
		const backend = this.#choose();
		if (backend === undefined) return void client.destroy();
		const server = connect(backend.port, backend.host);
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
