import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Passes TCP connections on to a server, and cuts them when told. */
export class CuttingProxy implements AsyncDisposable {
	/** Each connection is cut after so many bytes from the client; absent: none is. */
	cutRequestsAfter: number | undefined;
	/** Each connection is cut after so many bytes from the server; absent: none is. */
	cutAnswersAfter: number | undefined;
	/** After so many cuts, no more connections are cut. */
	maxCuts = Number.POSITIVE_INFINITY;
	/** How often a connection was cut. */
	cuts = 0;
	readonly #sockets = new Set<Socket>();
	readonly #server = createServer((client) => this.#pass(client));
	readonly #target: number;

	private constructor(target: number) {
		this.#target = target;
	}

	/** @param target a port of loopback */
	static async open(target: number): Promise<CuttingProxy> {
		const proxy = new CuttingProxy(target);
		proxy.#server.listen(0, "127.0.0.1");
		await once(proxy.#server, "listening");
		return proxy;
	}

	/** Where it listens. */
	get url(): string {
		const address = this.#server.address();
		if (address === null || typeof address === "string") throw new Error("no address");
		return `http://127.0.0.1:${address.port}`;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await once(this.#server, "close");
	}

	#limitOf(bytes: number | undefined): number {
		return bytes === undefined || this.cuts >= this.maxCuts ? Number.POSITIVE_INFINITY : bytes;
	}

	#pass(client: Socket): void {
		const server = connect(this.#target, "127.0.0.1");
		const ends = [client, server];
		const cut = (isMeant: boolean): void => {
			if (isMeant && !client.destroyed) this.cuts++;
			for (const end of ends) end.destroy();
		};
		for (const end of ends) {
			this.#sockets.add(end);
			end.on("error", () => cut(false));
			end.on("close", () => {
				this.#sockets.delete(end);
				cut(false);
			});
		}
		carry(
			client,
			server,
			() => this.#limitOf(this.cutRequestsAfter),
			() => cut(true),
		);
		carry(
			server,
			client,
			() => this.#limitOf(this.cutAnswersAfter),
			() => cut(true),
		);
	}
}

const carry = (from: Socket, to: Socket, most: () => number, cut: () => void): void => {
	let carried = 0;
	from.on("data", (piece) => {
		carried += piece.length;
		if (carried > most()) return cut();
		if (to.write(piece)) return;
		from.pause();
		to.once("drain", () => from.resume());
	});
};
