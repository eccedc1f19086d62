import { Agent } from "undici";
import type { KubeConnection } from "#/kube/rest/connection.ts";

/** A request as it goes over the wire. */
export interface RawRequest {
	readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	/** With its query. */
	readonly path: string;
	/** Sent as JSON; a string as it is. */
	readonly body?: unknown;
	/** @defaultValue application/json */
	readonly type?: string;
	/** @defaultValue application/json */
	readonly accept?: string;
}

/** What came back. */
export interface RawAnswer {
	readonly status: number;
	/** Parsed where it is JSON. */
	readonly body: unknown;
}

/** An API server that is asked raw requests. */
export class Peer implements AsyncDisposable {
	readonly #connection: KubeConnection;
	readonly #agent: Agent;

	private constructor(connection: KubeConnection, agent: Agent) {
		this.#connection = connection;
		this.#agent = agent;
	}

	static async open(connection: KubeConnection): Promise<Peer> {
		return new Peer(connection, new Agent({ connect: await connection.tls() }));
	}

	async ask({
		method,
		path,
		body,
		type = "application/json",
		accept = "application/json",
	}: RawRequest): Promise<RawAnswer> {
		const { url } = this.#connection;
		const headers = { ...(await this.#connection.headers(false)), accept, "user-agent": "differential/1" };
		const text = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
		const response = await this.#agent.request({
			origin: new URL(url).origin,
			path,
			method,
			headers: text === null ? headers : { ...headers, "content-type": type },
			body: text,
			signal: AbortSignal.timeout(60_000),
		});
		const answer = await response.body.text();
		return { status: response.statusCode, body: parsed(answer) };
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#agent.destroy();
	}
}

/** JSON, lines of JSON, or the text itself. */
const parsed = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch {
		const lines = text.trim().split("\n");
		try {
			return lines.map((line) => JSON.parse(line));
		} catch {
			return text;
		}
	}
};
