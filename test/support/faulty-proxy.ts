import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** What goes wrong with one request on its way to the server behind the proxy, or with its answer. */
export interface Fault {
	/** Answers in the server's place; the request does not get there. */
	readonly answer?: { readonly status: number; readonly body: string };
	/** Cuts the connection to the client after so many bytes of the request's body; the server sees a cut too. */
	readonly cutRequestAfter?: number;
	/** Cuts the connection to the client after so many bytes of the answer's body. */
	readonly cutAnswerAfter?: number;
	/** Lets the server do its work and cuts the connection in place of the answer. */
	readonly loseAnswer?: true;
	/** Changes one bit of the request's body, at this byte. */
	readonly flipRequestAt?: number;
	/** Passes the answer's body on with a pause after each of its pieces, in milliseconds. */
	readonly pause?: number;
	/** Sends nothing on before this. */
	readonly hold?: Promise<void>;
}

/** Says what goes wrong with a request; nothing does when it says nothing. */
export type FaultPlan = (request: IncomingMessage) => Fault | undefined;

/** A proxy that passes HTTP on, with the faults of {@link FaultyProxy.plan}. */
export class FaultyProxy implements AsyncDisposable {
	/** May be replaced at any time. */
	plan: FaultPlan = () => undefined;
	/** The requests seen, as `PUT /bucket/key?query`. */
	readonly seen: string[] = [];
	/** Those of them that were sent on to the server, in part at least. */
	readonly passed: string[] = [];
	readonly #target: URL;
	readonly #server = createServer((incoming, answer) => {
		this.#serve(incoming, answer).catch(() => {
			answer.destroy();
			incoming.destroy();
		});
	});

	/** @param target where the server is */
	constructor(target: string) {
		this.#target = new URL(target);
	}

	/** Listens on loopback and tells where. */
	async start(): Promise<string> {
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#server.listen(0, "127.0.0.1", resolve);
		await promise;
		return this.address();
	}

	/** Where it listens. */
	address(): string {
		const address = this.#server.address();
		if (typeof address !== "object" || address === null) throw new Error("no address");
		return `http://127.0.0.1:${address.port}`;
	}

	/** Cuts all connections and takes no more, as a server that is gone. */
	async [Symbol.asyncDispose](): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#server.close(() => resolve());
		this.#server.closeAllConnections();
		await promise;
	}

	async #serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
		this.seen.push(`${incoming.method} ${incoming.url}`);
		const fault = this.plan(incoming) ?? {};
		await fault.hold;
		if (fault.answer !== undefined) {
			incoming.resume();
			answer.writeHead(fault.answer.status, { "content-type": "application/xml" }).end(fault.answer.body);
			return;
		}
		this.passed.push(`${incoming.method} ${incoming.url}`);
		const got = await this.#pass(incoming, fault);
		if (fault.loseAnswer === true) {
			got.resume();
			answer.destroy();
			return;
		}
		answer.writeHead(got.statusCode ?? 500, got.rawHeaders);
		answer.flushHeaders();
		await pipeline(got, alter({ cutAfter: fault.cutAnswerAfter, pause: fault.pause }), answer);
	}

	async #pass(incoming: IncomingMessage, fault: Fault): Promise<IncomingMessage> {
		const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
		const { hostname: host, port } = this.#target;
		const { method, url: path } = incoming;
		// The headers as they came: the host's name among them is signed.
		const headers = incoming.headers;
		const outgoing = request({ host, port, method, path, headers, agent: false }, resolve);
		outgoing.on("error", reject);
		pipeline(incoming, alter({ cutAfter: fault.cutRequestAfter, flipAt: fault.flipRequestAt }), outgoing).catch(reject);
		return await promise;
	}
}

interface Alteration {
	readonly cutAfter?: number | undefined;
	readonly flipAt?: number | undefined;
	readonly pause?: number | undefined;
}

function alter({ cutAfter = Number.POSITIVE_INFINITY, flipAt = -1, pause = 0 }: Alteration): Transform {
	let position = 0;
	return new Transform({
		async transform(piece: Buffer, _encoding, done) {
			const at = flipAt - position;
			const byte = piece[at];
			if (byte !== undefined) piece[at] = byte ^ 1;
			position += piece.byteLength;
			if (pause > 0) await sleep(pause);
			if (position < cutAfter) return done(null, piece);
			done(new Error("cut"));
		},
	});
}
