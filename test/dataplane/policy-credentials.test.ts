import assert from "node:assert/strict";
import { test } from "node:test";
import { MasterKey } from "#/auth/master-key.ts";
import { openCredentials, sealCredentials } from "#/dataplane/policy-credentials.ts";
import type { DesiredResource } from "#/metadata/control-state.ts";
import type { Policies } from "#/metadata/policies.ts";

const credentials = { username: "ann", password: "s3cret" };
const sealer = new MasterKey(new Uint8Array(32).fill(1));
const other = new MasterKey(new Uint8Array(32).fill(2));

const policy = (uid: string, remote: object): DesiredResource => ({
	kind: "ReplicationPolicy",
	uid,
	generation: 1,
	spec: { remote: { type: "Generic", url: "https://registry.example.com", ...remote } },
});

/** Policies in force. */
const having = (...known: readonly DesiredResource[]): Pick<Policies, "find"> => ({
	find: async (uid) => {
		const spec = known.find((one) => one.uid === uid)?.spec;
		return spec && { kind: "ReplicationPolicy", uid, generation: 1, spec, state: undefined };
	},
});

test("what was sealed opens for the same policy and the same key alone", async () => {
	const sealed = await sealCredentials(policy("p1", { credentials }), { sealer, policies: having() });
	assert.doesNotMatch(JSON.stringify(sealed), /s3cret|ann/);
	assert.deepEqual(openCredentials(sealed, sealer), credentials);
	assert.throws(() => openCredentials({ ...sealed, uid: "p2" }, sealer), /changed, or sealed for another purpose/);
	assert.throws(() => openCredentials(sealed, other), /another master key/);
	assert.equal(openCredentials(policy("p1", {}), sealer), undefined);
});

test("what another master key sealed is sealed anew, and what this one did stays as it is", async () => {
	const before = await sealCredentials(policy("p1", { credentials }), { sealer: other, policies: having() });
	const after = await sealCredentials(policy("p1", { credentials }), { sealer, policies: having(before) });
	assert.deepEqual(openCredentials(after, sealer), credentials);
	const again = await sealCredentials(policy("p1", { credentials }), { sealer, policies: having(after) });
	assert.deepEqual(again, after);
});

test("without a key nothing with credentials is taken, and everything else is", async () => {
	const refused = await sealCredentials(policy("p1", { credentials }), undefined);
	assert.deepEqual([refused.spec, refused.rejected?.reason], [{}, "Invalid"]);
	assert.doesNotMatch(refused.rejected?.message ?? "", /s3cret|ann/);
	const plain = policy("p1", {});
	assert.equal(await sealCredentials(plain, undefined), plain);
});
