import { once } from "node:events";
import { createServer } from "node:net";

/** A port of this machine that was free a moment ago. */
export const freePort = async (): Promise<number> => {
	await using server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	if (typeof address !== "object" || address === null) throw new Error("it listens on no port");
	return address.port;
};
