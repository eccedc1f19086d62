import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";
import { openReplicaNetwork } from "./network.ts";

const { PATH, LIMANI_REQUIRE } = process.env;
const restore = (name: "PATH" | "LIMANI_REQUIRE", value: string | undefined): void => {
	if (value === undefined) delete process.env[name];
	else process.env[name] = value;
};
const ports = { database: 1, store: 2 };

// Without programs there is no namespace to be made.
beforeEach(() => {
	process.env.PATH = "/nowhere";
});
afterEach(() => {
	restore("PATH", PATH);
	restore("LIMANI_REQUIRE", LIMANI_REQUIRE);
});

it("puts proxies where this machine makes no network namespace", async () => {
	delete process.env.LIMANI_REQUIRE;
	await using network = await openReplicaNetwork(ports);
	assert.equal(network.isNamespace, false);
});

it("fails instead when the suite was asked for by name", async () => {
	process.env.LIMANI_REQUIRE = "1";
	await assert.rejects(openReplicaNetwork(ports), /a network namespace .* cannot be made here/);
});
