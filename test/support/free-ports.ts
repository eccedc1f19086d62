import { once } from "node:events";
import { createServer } from "node:net";

/** Below what systems give to outgoing connections. */
const [FIRST, LAST] = [20_000, 32_000];

/** The first of some ports of loopback in a row that nobody listens on now. */
export const freePorts = async (count: number): Promise<number> => {
	for (let attempt = 0; attempt < 100; attempt++) {
		const first = FIRST + Math.floor(Math.random() * (LAST - FIRST - count));
		const each = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)));
		if (each.every((free) => free)) return first;
	}
	throw new Error(`no ${count} ports in a row are free`);
};

/** Whether nobody listens on a port of loopback now. */
export const isFree = async (port: number): Promise<boolean> => {
	const server = createServer();
	server.listen(port, "127.0.0.1");
	try {
		await once(server, "listening");
	} catch {
		return false;
	}
	server.close();
	await once(server, "close");
	return true;
};
