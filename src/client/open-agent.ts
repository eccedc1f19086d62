import { isIP } from "node:net";
import { getCACertificates } from "node:tls";
import { Agent, buildConnector } from "undici";
import type { Egress } from "./egress.ts";
import { RemoteError } from "./remote-error.ts";

/** How connections to another registry are made and kept. */
export interface AgentOpts {
	/** PEM certificates to trust beside those of the system. */
	readonly ca?: string | undefined;
	/** Connections at most, per origin. @defaultValue 16 */
	readonly connections?: number | undefined;
	/** For a connection, its TLS included, milliseconds. @defaultValue 10000 */
	readonly connectMs?: number | undefined;
	/** From the end of a request to the head of its answer, and for a request that nobody takes on, milliseconds. @defaultValue 60000 */
	readonly headMs?: number | undefined;
	/** Between two pieces of an answer's body, which has no limit as a whole, milliseconds. @defaultValue 60000 */
	readonly stallMs?: number | undefined;
}

const IDLE_MS = 30_000;

/**
 * The pool that all requests to one other registry, its token service and its storage share. HTTP/1.1 alone: several
 * connections carry large blobs faster than the streams of one, and one that breaks takes no other transfer along.
 */
export const openAgent = (egress: Egress, opts: AgentOpts, connect = connectorOf(egress, opts)): Agent =>
	new Agent({
		allowH2: false,
		connect,
		connections: opts.connections ?? 16,
		pipelining: 1,
		keepAliveTimeout: IDLE_MS,
		headersTimeout: opts.headMs ?? 60_000,
		bodyTimeout: opts.stallMs ?? 60_000,
	});

/** Connects to where the egress rules allow, and nowhere else, whatever a name resolves to by then. */
const connectorOf = (egress: Egress, { ca, connectMs = 10_000 }: AgentOpts): buildConnector.connector => {
	const build = buildConnector({
		allowH2: false,
		timeout: connectMs,
		lookup: egress.lookup,
		...(ca === undefined ? {} : { ca: [...getCACertificates("default"), ca] }),
	});
	return (options, callback) => {
		const host = options.hostname.replace(/^\[(.*)\]$/, "$1");
		try {
			// A literal address is never looked up.
			if (isIP(host) !== 0) egress.assertAllowed(host, host);
		} catch (error) {
			callback(asError(error), null);
			return;
		}
		build({ ...options, hostname: host }, (...result) => {
			const [error, socket] = result;
			if (error !== null) return callback(error, null);
			try {
				egress.assertAllowed(host, socket.remoteAddress ?? "");
			} catch (refusal) {
				socket.destroy();
				return callback(asError(refusal), null);
			}
			callback(null, socket);
		});
	};
};

const asError = (error: unknown): Error =>
	error instanceof Error ? error : new RemoteError("FORBIDDEN", String(error));
