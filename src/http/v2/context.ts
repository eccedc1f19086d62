import type { IncomingMessage } from "node:http";
import type { Access } from "#/auth/access.ts";
import type { Registry } from "#/registry/registry.ts";

/** What every handler of `/v2` may ask of a request. */
export interface V2Context {
	readonly registry: Registry;
	readonly request: IncomingMessage;
	/** The query, parsed on first use. */
	readonly query: URLSearchParams;
	readonly access: Access;
	/** Aborts when the client goes away or the server stops for good. */
	readonly signal: AbortSignal;
	/** The request's body; asking for it lets a client that waits for `100 Continue` send. */
	body(): AsyncIterable<Uint8Array>;
}
