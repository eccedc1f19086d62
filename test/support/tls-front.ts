import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { promisify } from "node:util";

const run = promisify(execFile);

/** TLS in front of a server that speaks without. */
export interface TlsFront extends AsyncDisposable {
	/** `https://127.0.0.1:PORT` */
	readonly endpoint: string;
	/** The authority that its certificate is trusted by: itself. */
	readonly caFile: string;
}

/** @param folder where its key and certificate are put */
export async function openTlsFront(target: string, folder: string): Promise<TlsFront> {
	const { hostname, port } = new URL(target);
	const [keyFile, caFile] = [join(folder, "tls.key"), join(folder, "tls.crt")];
	await run("openssl", [
		...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"],
		...["-keyout", keyFile, "-out", caFile, "-subj", "/CN=limani-test", "-addext", "subjectAltName=IP:127.0.0.1"],
	]);
	const sockets = new Set<TLSSocket>();
	const server = createServer({ key: await readFile(keyFile), cert: await readFile(caFile) }, (socket) => {
		const behind = connect(Number(port), hostname);
		sockets.add(socket);
		socket.on("error", () => behind.destroy()).on("close", () => sockets.delete(socket));
		behind.on("error", () => socket.destroy());
		socket.pipe(behind).pipe(socket);
	});
	const { promise, resolve } = Promise.withResolvers<void>();
	server.listen(0, "127.0.0.1", resolve);
	await promise;
	const address = server.address();
	if (typeof address !== "object" || address === null) throw new Error("no address");
	return {
		endpoint: `https://127.0.0.1:${address.port}`,
		caFile,
		[Symbol.asyncDispose]: async () => {
			for (const socket of sockets) socket.destroy();
			await new Promise((done) => server.close(done));
		},
	};
}
