import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { readStandaloneOptions } from "#/app/standalone/standalone-options.ts";

test("standalone mode listens on loopback and keeps things in .limani, unless it is told otherwise", () => {
	assert.deepEqual(readStandaloneOptions([], {}), {
		directory: resolve(".limani"),
		listen: { host: "127.0.0.1", port: 5080 },
		kubeListen: { host: "127.0.0.1", port: 6550 },
		manifests: [],
		logLevel: undefined,
	});
	const environment = { LIMANI_DATA_DIR: "/var/lib/limani", LIMANI_LISTEN: "0.0.0.0:5080" };
	const fromEnvironment = readStandaloneOptions([], environment);
	assert.equal(fromEnvironment?.directory, "/var/lib/limani");
	assert.deepEqual(fromEnvironment?.listen, { host: "0.0.0.0", port: 5080 });
	const args = [
		"--data",
		"/x",
		"--listen",
		"[::1]:1",
		"--kube-listen",
		"localhost:2",
		"--manifests",
		"a",
		"b",
		"--log",
		"debug",
	];
	assert.deepEqual(readStandaloneOptions(args, environment), {
		directory: "/x",
		listen: { host: "::1", port: 1 },
		kubeListen: { host: "localhost", port: 2 },
		manifests: ["a", "b"],
		logLevel: "debug",
	});
	assert.equal(readStandaloneOptions(["--help"], {}), undefined);
});

for (const [args, said] of [
	[["--listen", "5080"], /: --listen: got 5080: expected HOST:PORT/],
	[["--kube-listen", "127.0.0.1:70000"], /: --kube-listen: got 127\.0\.0\.1:70000: expected/],
	[["--log", "loud"], /: --log: got loud: expected error, warn, info, debug/],
	[["here"], /: got here: expected options only/],
	[["--datta", "x"], /--datta.*; see limani standalone --help/],
] as const) {
	test(`${args.join(" ")} is refused, saying why`, () => {
		assert.throws(() => readStandaloneOptions(args, {}), said);
	});
}
