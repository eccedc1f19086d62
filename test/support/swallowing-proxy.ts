import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** What becomes of the connections through a {@link SwallowingProxy}. */
export type Passage =
	/** They are passed on. */
	| "open"
	/** All there are stay, new ones are taken, and no byte goes through: nobody on the way says a word. */
	| "swallowing"
	/** New ones are refused. */
	| "shut";

/** Passes TCP connections on to a server, unless told otherwise. What was swallowed once stays so. */
export class SwallowingProxy implements AsyncDisposable {
	#passage: Passage = "open";
	readonly #pairs = new Set<{ readonly ends: readonly Socket[]; swallowed: boolean }>();
	readonly #server = createServer((client) => this.#pass(client));
	#target: number;

	private constructor(target: number) {
		this.#target = target;
	}

	/** @param target a port of loopback */
	static async open(target: number): Promise<SwallowingProxy> {
		const proxy = new SwallowingProxy(target);
		proxy.#server.listen(0, "127.0.0.1");
		await once(proxy.#server, "listening");
		return proxy;
	}

	get port(): number {
		const address = this.#server.address();
		if (address === null || typeof address === "string") throw new Error("no address");
		return address.port;
	}

	/** What becomes of connections from now on. */
	set passage(passage: Passage) {
		this.#passage = passage;
		if (passage === "swallowing") for (const pair of this.#pairs) pair.swallowed = true;
		if (passage === "shut") this.cut();
	}

	/** Where new connections go. */
	set target(port: number) {
		this.#target = port;
	}

	/** Cuts all connections there are. */
	cut(): void {
		for (const { ends } of this.#pairs) for (const end of ends) end.destroy();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#server.close();
		this.cut();
		await once(this.#server, "close");
	}

	#pass(client: Socket): void {
		if (this.#passage === "shut") return void client.destroy();
		const server = connect(this.#target, "127.0.0.1");
		const ends = [client, server];
		const pair = { ends, swallowed: this.#passage === "swallowing" };
		this.#pairs.add(pair);
		for (const [from, to] of [
			[client, server],
			[server, client],
		] as const) {
			from.on("data", (piece) => {
				if (pair.swallowed || to.write(piece)) return;
				from.pause();
				to.once("drain", () => from.resume());
			});
			from.on("error", () => undefined);
			from.on("close", () => {
				// Of a half-open connection the other end does not learn that this one is gone.
				if (!pair.swallowed) to.destroy();
				if (ends.every((end) => end.destroyed)) this.#pairs.delete(pair);
			});
		}
	}
}
