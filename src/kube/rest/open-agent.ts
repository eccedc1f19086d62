import { Socket } from "node:net";
import { Agent, buildConnector } from "undici";
import { untilAborted } from "#/lib/until-aborted.ts";
import type { KubeConnection } from "./connection.ts";

/** How connections are kept. */
export interface AgentOpts {
	/** How often an HTTP/2 connection is asked whether it lives, milliseconds. @defaultValue 3000 */
	readonly pingMs?: number | undefined;
	/** How long it may then say nothing at all before it counts as dead. @defaultValue 8000 */
	readonly silenceMs?: number | undefined;
}

const CONNECT_MS = 10_000;
/** Long, for a connection that is at work is never idle: a watch or the next renewal of a lease keeps it open. */
const IDLE_MS = 600_000;
/** Of the TCP keep-alive, for HTTP/1.1 connections, which have no pings. */
const PROBE = { afterMs: 15_000, everyMs: 5_000, times: 3 };
const STREAM_WINDOW = 256 * 1024;

/**
 * The pool that all requests to one API server share. With HTTP/2 that is one connection for all of them and the
 * watches; with HTTP/1.1 as many as there are watches and calls at once. The number is not bounded, so that the
 * renewal of a lease never waits in a line.
 *
 * A peer that vanished without a word is noticed in time for a lease to be renewed over another connection.
 *
 * @param ending aborted when the pool is about to be destroyed: what is just being connected is left to itself by that
 */
export const openAgent = (
	connection: KubeConnection,
	{ pingMs = 3000, silenceMs = 8000 }: AgentOpts,
	ending: AbortSignal,
): Agent =>
	new Agent({
		allowH2: true,
		connect: connector(connection, { pingMs, silenceMs }, ending),
		connectTimeout: CONNECT_MS,
		keepAliveTimeout: IDLE_MS,
		// Calls and watches have deadlines of their own.
		headersTimeout: 0,
		bodyTimeout: 0,
		h2Options: {
			pingInterval: pingMs,
			maxConcurrentStreams: 250,
			// A watch whose events nobody takes must not use up the window of all others.
			connectionWindowSize: 64 * STREAM_WINDOW,
			settings: { initialWindowSize: STREAM_WINDOW },
		},
	});

const connector =
	(
		connection: KubeConnection,
		{ pingMs, silenceMs }: { readonly pingMs: number; readonly silenceMs: number },
		ending: AbortSignal,
	): buildConnector.connector =>
	(options, callback) => {
		const connect = async () => {
			const tls = await untilAborted(ending, () => connection.tls());
			const build = buildConnector({ ...tls, allowH2: true, preferH2: true, timeout: CONNECT_MS });
			const connecting: unknown = build(options, (...result) => {
				const [error, socket] = result;
				ending.removeEventListener("abort", stop);
				if (error === null) {
					socket.setKeepAlive(true, PROBE.afterMs, PROBE.everyMs, PROBE.times);
					if ("alpnProtocol" in socket && socket.alpnProtocol === "h2") destroyWhenSilent(socket, pingMs, silenceMs);
				}
				callback(...result);
			});
			const stop = () => {
				if (connecting instanceof Socket) connecting.destroy(new Error("the client was closed"));
			};
			ending.addEventListener("abort", stop, { once: true });
		};
		connect().catch((error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null));
	};

/** Pings are answered by whoever lives; that an answer is missing is told by nobody else. */
const destroyWhenSilent = (socket: Socket, pingMs: number, silenceMs: number): void => {
	let heard = socket.bytesRead;
	let heardAt = performance.now();
	let lookedAt = heardAt;
	const timer = setInterval(() => {
		const now = performance.now();
		// When this process stood still itself, answers may lie unread.
		const stoodStill = now - lookedAt > 2 * pingMs;
		lookedAt = now;
		if (socket.bytesRead !== heard || stoodStill) {
			heard = socket.bytesRead;
			heardAt = now;
		} else if (now - heardAt >= silenceMs) {
			socket.destroy(new Error(`the API server said nothing for ${silenceMs} ms`));
		}
	}, pingMs / 2).unref();
	socket.once("close", () => clearInterval(timer));
};
