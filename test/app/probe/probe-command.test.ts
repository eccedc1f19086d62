import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { COMPILE_CACHE } from "../../support/limani-command.ts";
import { ADMIN, type LimaniProcess, startLimani } from "../../support/limani-process.ts";
import { runProgram } from "../../support/run-program.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const root = join(import.meta.dirname, "..", "..", "..");

const probe = (...args: readonly string[]) =>
	runProgram(process.execPath, ["src/main.ts", "probe", ...args], {
		env: { PATH: process.env.PATH ?? "", ...COMPILE_CACHE },
		cwd: root,
	});

/** A proxy that gives other bytes for every blob than the registry has. */
const openLiar = async (target: string) => {
	const server = createServer((incoming, outgoing) => {
		const { method = "GET", url = "/", headers } = incoming;
		const forwarded = request(`${target}${url}`, { method, headers }, (answer) => {
			outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
			if (method !== "GET" || answer.statusCode !== 200 || !url.includes("/blobs/")) return void answer.pipe(outgoing);
			answer.on("data", (chunk: Buffer) => outgoing.write(chunk.map((byte) => byte ^ 1)));
			answer.on("end", () => outgoing.end());
		});
		incoming.pipe(forwarded);
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	if (typeof address !== "object" || address === null) throw new Error("it listens on no port");
	return {
		url: `http://127.0.0.1:${address.port}`,
		[Symbol.dispose]: () => {
			server.closeAllConnections();
			server.close();
		},
	};
};

suite("limani probe", () => {
	let limani: LimaniProcess;
	before(async () => {
		limani = await startLimani();
	});
	after(() => limani[Symbol.asyncDispose]());

	test("pushes and pulls an image with what docker login wrote, and leaves no tag behind", async (t) => {
		const file = join(temporaryDirectory(t), "config.json");
		const auth = Buffer.from(`${ADMIN.user}:${ADMIN.password}`).toString("base64");
		writeFileSync(file, JSON.stringify({ auths: { [limani.address]: { auth } } }));
		const { code, stdout, stderr } = await probe(
			"--url",
			limani.url,
			"--repository=team/probe",
			"--docker-config",
			file,
		);
		assert.equal(code, 0, stderr);
		assert.match(stdout, /^pushed and pulled team\/probe:probe-[0-9a-f]{16} \(sha256:[0-9a-f]{64}\) after \d+ ms\n$/);
		const tags = await fetch(`${limani.url}/v2/team/probe/tags/list`, { headers: { authorization: `Basic ${auth}` } });
		assert.deepEqual(Object(await tags.json()).tags, []);
	});

	test("ends with 1, and says why, where the credential is not good enough", async (t) => {
		const file = join(temporaryDirectory(t), "password");
		writeFileSync(file, "nothing-to-see\n");
		const login = ["--user", "nobody", "--password-file", file];
		const { code, stderr } = await probe("--url", limani.url, "--repository=team/probe", ...login, "--timeout=3");
		assert.equal(code, 1);
		assert.match(stderr, /^limani: team\/probe could not be pushed and pulled: HEAD \S+ was answered by 401\n$/);
		assert.doesNotMatch(stderr, /nothing-to-see/);
	});

	test("notices when what comes back is not what was pushed", async (t) => {
		using liar = await openLiar(limani.url);
		const file = join(temporaryDirectory(t), "password");
		writeFileSync(file, ADMIN.password);
		const login = ["--user", ADMIN.user, "--password-file", file];
		const { code, stderr } = await probe("--url", liar.url, "--repository=team/probe", ...login, "--timeout=5");
		assert.equal(code, 1);
		assert.match(stderr, /team\/probe@sha256:[0-9a-f]{64} was pushed, and sha256:[0-9a-f]{64} came back/);
	});

	test("says of each option that makes no sense what was expected", async (t) => {
		const file = join(temporaryDirectory(t), "config.json");
		writeFileSync(file, '{"auths":{}}');
		const good = ["--url=http://127.0.0.1:1", "--repository=team/probe"];
		const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
			[["--repository=team/probe"], /--url: got none: expected one such as/],
			[["--url=ftp://a", "--repository=team/probe"], /--url: got ftp:\/\/a: expected/],
			[["--url=http://127.0.0.1:1", "--repository=Team"], /--repository: got Team: expected PROJECT\/NAME/],
			[[...good, "--timeout=soon"], /--timeout: got soon: expected seconds/],
			[[...good, `--docker-config=${file}`], /has no entry for 127\.0\.0\.1:1/],
			[[...good, "--nonsense"], /see limani probe --help/],
		];
		for (const [args, message] of cases) {
			const { code, stderr } = await probe(...args);
			assert.equal(code, 1);
			assert.match(stderr, message);
		}
	});
});
