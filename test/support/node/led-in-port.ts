// The way from a cluster of nodes to a server of the machine, which is in another network.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";

const enter = join(import.meta.dirname, "..", "..", "..", ".ci", "parts", "nodes-run");
const program = join(import.meta.dirname, "leading-in-process.ts");
/** The control plane's address, which pods reach. */
const HOST = "10.243.0.1";

/** A way in, until it is disposed of. */
export interface LedInPort extends AsyncDisposable {
	/** `host:port` of it in the cluster. */
	readonly address: string;
}

/** Leads a port of the cluster, of the same number, to a port of loopback of the machine. */
export const leadIn = async ({
	folder,
	port,
}: {
	readonly folder: string;
	readonly port: number;
}): Promise<LedInPort> => {
	// A socket of the file system leads from one network into another.
	const socket = join(folder, `in-${port}`);
	const server = createServer((client) => {
		const upstream = connect(port, "127.0.0.1");
		client.on("error", () => upstream.destroy());
		upstream.on("error", () => client.destroy());
		client.pipe(upstream).pipe(client);
	});
	server.listen(socket);
	await once(server, "listening");
	const args = [folder, "plane", process.execPath, program, socket, HOST, String(port)];
	const inside = spawn(enter, args, { stdio: ["ignore", "pipe", "inherit"] });
	const exited = once(inside, "exit");
	const started = await Promise.race([once(inside.stdout, "data"), exited.then(() => undefined)]);
	if (started === undefined) throw new Error(`there is no way to port ${port} from the cluster in ${folder}`);
	return {
		address: `${HOST}:${port}`,
		async [Symbol.asyncDispose]() {
			inside.kill("SIGKILL");
			await exited;
			server.close();
		},
	};
};
