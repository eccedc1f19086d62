import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Passes TCP connections on to a server, and falls silent when told, as a network that drops every packet does. */
export class SilentProxy implements AsyncDisposable {
	readonly #sockets = new Set<Socket>();
	readonly #held = new Set<() => void>();
	readonly #server = createServer((client) => this.#take(client));
	readonly #target: number;
	#isSilent = false;

	private constructor(target: number) {
		this.#target = target;
	}

	/**
	 * @param target a port of loopback
	 * @param host the address to listen on; absent: loopback
	 */
	static async open(target: number, host = "127.0.0.1"): Promise<SilentProxy> {
		const proxy = new SilentProxy(target);
		proxy.#server.listen(0, host);
		await once(proxy.#server, "listening");
		return proxy;
	}

	/** The port that it listens on. */
	get port(): number {
		const address = this.#server.address();
		if (address === null || typeof address === "string") throw new Error("no address");
		return address.port;
	}

	/** From now on nothing is passed on, either way, nor is anything cut. */
	fallSilent(): void {
		this.#isSilent = true;
		for (const socket of this.#sockets) socket.pause();
	}

	/** Passes on again, what was held back first. */
	speak(): void {
		this.#isSilent = false;
		for (const release of this.#held) release();
		this.#held.clear();
		for (const socket of this.#sockets) socket.resume();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await once(this.#server, "close");
	}

	#take(client: Socket): void {
		this.#keep(client, []);
		if (this.#isSilent) this.#held.add(() => this.#join(client));
		else this.#join(client);
	}

	#join(client: Socket): void {
		if (client.destroyed) return;
		const server = connect(this.#target, "127.0.0.1");
		this.#keep(server, [client]);
		client.once("close", () => this.#end(server));
		carry(client, server);
		carry(server, client);
		if (this.#isSilent) for (const end of [client, server]) end.pause();
	}

	#keep(socket: Socket, partners: readonly Socket[]): void {
		this.#sockets.add(socket);
		socket.on("error", () => undefined);
		socket.once("close", () => {
			this.#sockets.delete(socket);
			for (const partner of partners) this.#end(partner);
		});
	}

	/** Who is silent does not tell that the other side has gone, either. */
	#end(socket: Socket): void {
		if (this.#isSilent) this.#held.add(() => socket.destroy());
		else socket.destroy();
	}
}

const carry = (from: Socket, to: Socket): void => {
	from.on("data", (piece) => {
		if (to.write(piece)) return;
		from.pause();
		to.once("drain", () => from.resume());
	});
};
