import { type Channel, hasKind } from "./wire.ts";

/** A process at the other end of Node's own line: `process` in a child, a `ChildProcess` or cluster `Worker` in the parent. */
export interface IpcEndpoint {
	send?(message: unknown, sent: (error: Error | null) => void): boolean;
	on(event: "message", listener: (message: unknown) => void): unknown;
	once(event: "disconnect", listener: () => void): unknown;
}

/**
 * Node's line between the processes of a cluster as a {@link Channel}; other messages may use it as well.
 * The line must have been set up with `serialization: "advanced"`, for inputs hold bytes.
 */
export function ipcChannel(endpoint: IpcEndpoint): Channel {
	return {
		send: (message) => {
			// A line that breaks is told by "disconnect"; without a callback Node would throw it as an event.
			endpoint.send?.({ kind: "limani.metadata", message }, () => {});
		},
		onMessage: (listener) => {
			endpoint.on("message", (envelope) => {
				if (hasKind(envelope, "limani.metadata") && "message" in envelope) listener(envelope.message);
			});
		},
		onClose: (listener) => {
			endpoint.once("disconnect", listener);
		},
	};
}
