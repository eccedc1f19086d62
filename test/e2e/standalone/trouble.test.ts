// What a person is told when standalone mode cannot start as it was asked to.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { freePorts } from "../../support/free-ports.ts";
import { runProgram } from "../../support/run-program.ts";
import { type StandaloneProcess, startStandalone } from "../../support/standalone-process.ts";

describe("trouble of standalone mode", () => {
	let standalone: StandaloneProcess;
	before(async () => {
		standalone = await startStandalone();
	});
	after(() => standalone[Symbol.asyncDispose]());

	const attempt = async (...args: readonly string[]) => {
		const env = { PATH: process.env.PATH ?? "" };
		return await runProgram(process.execPath, ["src/main.ts", "standalone", ...args], { env, cwd: process.cwd() });
	};
	const occupy = async (port: number): Promise<Server> => {
		const server = createServer((socket) => socket.destroy());
		server.listen(port, "127.0.0.1");
		await once(server, "listening");
		return server;
	};

	it("a directory that another process has, an address that is taken and a path that is not there are named", async () => {
		const free = `127.0.0.1:${await freePorts(1)}`;
		const elsewhere = ["--data", join(standalone.folder, "elsewhere")];
		const [, taken = ""] = standalone.address.split(":");
		for (const [args, words] of [
			[["--data", standalone.directory, "--kube-listen", free], /^limani: another process uses .*data/],
			[[...elsewhere, "--kube-listen", `127.0.0.1:${taken}`], /^limani: --kube-listen: got 127\.0\.0\.1:\d+: expected/],
			[
				[...elsewhere, "--kube-listen", free, "--manifests", "/no/such"],
				/^limani: --manifests: got \/no\/such: expected/,
			],
			[["--dada", "x"], /^limani: Unknown option '--dada'/],
		] as const) {
			const { code, stderr } = await attempt(...args);
			assert.equal(code, 1, args.join(" "));
			assert.match(stderr, words);
			assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
		}
	});

	it("a registry whose port is taken says so in its status, once in the log, and serves when the port is free", async () => {
		const [, port = ""] = standalone.address.split(":");
		const server = await occupy(Number(port) + 2);
		const manifest = "apiVersion: limani.dev/v1alpha1\nkind: Registry\nmetadata:\n  name: third\n";
		await standalone.feed(manifest, "apply", "-f", "-");
		await eventually(async () =>
			assert.match(await standalone.kubectl("get", "registry", "third"), /False .*expected an address .* that is free/),
		);
		const tries = () => standalone.output().match(/"controller":"registry".*"name":"third"/g)?.length ?? 0;
		await eventually(() => assert.ok(tries() >= 3, "it is tried again"));
		server.close();
		await standalone.kubectl("wait", "--for=condition=Ready", "--timeout=60s", "registry/third");
		assert.equal(standalone.output().match(/registry\.start-failed/g)?.length, 1);
	});
});
