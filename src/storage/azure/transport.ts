import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Duplex } from "node:stream";
import type { RequestPolicyFactory } from "@azure/storage-blob";

/** Connections to the service at once; each blob on its way to a client has one. */
const MAX_CONNECTIONS = 512;

/** How requests travel. */
export interface Transport {
	/** To be put among the SDK's own policies. */
	readonly policy: RequestPolicyFactory;
	/** Ends the connections; requests under way fail. */
	readonly close: () => void;
}

/**
 * Connections of a store's own that do not wait for ever; left alone, the SDK waits as long as the network does.
 *
 * @param timeout silence on a connection after which it is given up, in milliseconds
 */
export const createTransport = (url: string, timeout: number): Transport => {
	const opts = { keepAlive: true, maxSockets: MAX_CONNECTIONS, timeout };
	const agent = url.startsWith("https:") ? new ImpatientHttpsAgent(opts) : new ImpatientHttpAgent(opts);
	return {
		policy: {
			create: (next) => ({
				sendRequest: (request) => {
					request.agent = agent;
					// Of a blob written in one request, the SDK tells the hash to be kept but not to be checked.
					const md5 = request.headers.get("x-ms-blob-content-md5");
					if (md5 !== undefined && !request.url.includes("comp=")) request.headers.set("content-md5", md5);
					return next.sendRequest(request);
				},
			}),
		},
		close: () => agent.destroy(),
	};
};

type Connect = HttpAgent["createConnection"];

class ImpatientHttpAgent extends HttpAgent {
	override createConnection(...args: Parameters<Connect>): ReturnType<Connect> {
		return giveUpWhenIdle(super.createConnection(...args));
	}
}

class ImpatientHttpsAgent extends HttpsAgent {
	override createConnection(...args: Parameters<Connect>): ReturnType<Connect> {
		return giveUpWhenIdle(super.createConnection(...args));
	}
}

const giveUpWhenIdle = (socket: Duplex | null | undefined): Duplex | null | undefined => {
	socket?.on("timeout", () => socket.destroy(new Error("ETIMEDOUT: the service has been silent for too long")));
	return socket;
};
