import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Below what systems give to outgoing connections, any of which could take a port between two lives of a server. */
const [FIRST, LAST] = [20_000, 32_000];

/** A file for each port that some test process of this user has chosen: what it starts there may listen much later. */
const chosen = join(tmpdir(), `limani-test-ports-${process.getuid?.() ?? 0}`);

/** The first of some ports of loopback in a row that nobody listens on now, and no other process of tests chooses. */
export const freePorts = async (count: number): Promise<number> => {
	for (let attempt = 0; attempt < 100; attempt++) {
		const first = FIRST + Math.floor(Math.random() * (LAST - FIRST - count));
		const ports = Array.from({ length: count }, (_, i) => first + i);
		if (!ports.every((port) => choose(port))) continue;
		const each = await Promise.all(ports.map((port) => isFree(port)));
		if (each.every((free) => free)) return first;
	}
	throw new Error(`no ${count} ports in a row are free`);
};

/** A port of loopback as {@link freePorts} gives them. */
export const freePort = async (): Promise<number> => await freePorts(1);

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

/** Files of this process. */
const kept = new Set<string>();

/** Keeps a port for this process, for as long as it lives. @returns false where another one keeps it */
const choose = (port: number): boolean => {
	const file = join(chosen, String(port));
	mkdirSync(chosen, { recursive: true });
	try {
		writeFileSync(file, String(process.pid), { flag: "wx" });
	} catch {
		// Somebody else's. What a process left that was killed is for the next one that asks.
		if (!isAlive(file)) rmSync(file, { force: true });
		return false;
	}
	if (kept.size === 0) process.once("exit", release);
	kept.add(file);
	return true;
};

const release = (): void => {
	for (const file of kept) rmSync(file, { force: true });
};

/** Whether the process lives that a file names. */
const isAlive = (file: string): boolean => {
	try {
		process.kill(Number(readFileSync(file, "utf8")), 0);
		return true;
	} catch {
		return false;
	}
};
