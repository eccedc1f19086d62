// The way into a container that has a network of its own, which nothing else leads to.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { findPart } from "../parts.ts";

const enter = findPart("nsenter") ?? "nsenter";
const program = join(import.meta.dirname, "forwarding-process.ts");

/** Which port leads where. */
export interface Forwarding {
	/** A port of loopback that nobody listens on. */
	readonly from: number;
	/** A port of the container's own loopback. */
	readonly to: number;
	/** A process of the container. */
	readonly pid: number;
	/** For the socket between the two networks; its path has to be short. */
	readonly folder: string;
}

/** Leads a port of loopback into a container, until it is disposed of. */
export const forwardPort = async ({ from, to, pid, folder }: Forwarding): Promise<AsyncDisposable> => {
	const socket = join(folder, `${pid}-${to}`);
	const args = [`--net=/proc/${pid}/ns/net`, "--", process.execPath, program, socket, String(to)];
	const inside = spawn(enter, args, { stdio: ["ignore", "pipe", "inherit"] });
	const exited = once(inside, "exit");
	const started = await Promise.race([once(inside.stdout, "data"), exited.then(() => undefined)]);
	if (started === undefined) throw new Error(`there is no way to port ${to} of process ${pid}`);
	const server = createServer((client) => {
		const upstream = connect(socket);
		client.on("error", () => upstream.destroy());
		upstream.on("error", () => client.destroy());
		client.pipe(upstream).pipe(client);
	});
	server.listen(from, "127.0.0.1");
	await once(server, "listening");
	return {
		async [Symbol.asyncDispose]() {
			inside.kill("SIGKILL");
			await exited;
			server.close();
		},
	};
};
