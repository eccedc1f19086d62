import assert from "node:assert/strict";
import { test } from "node:test";
import { credentialSecret, readCredential } from "#/operator/robot-account/credential-secret.ts";
import { entry } from "#/operator/robot-account/secret-entries.ts";

const SECRET = "s".repeat(43);
const OTHER = "o".repeat(43);

const secretOf = (type: "DockerConfigJson" | "Basic" | "Opaque") =>
	credentialSecret(
		{
			robot: { uid: "u1", namespace: "system", name: "ci" },
			fullName: "robot$system+ci",
			secret: SECRET,
			host: "registry.example.org:5000",
			settings: { type, labels: {}, annotations: {} },
		},
		{ namespace: "system", name: "ci" },
	);

for (const type of ["DockerConfigJson", "Basic", "Opaque"] as const) {
	test(`a Secret of type ${type} holds what was put there, whatever else is added to it`, () => {
		const secret = secretOf(type);
		assert.equal(readCredential(secret), SECRET);
		const config = JSON.stringify({ auths: { x: { password: OTHER } } });
		const added = { password: entry(OTHER), ".dockerconfigjson": entry(config), ...Object(secret.data) };
		assert.equal(readCredential({ ...secret, data: added }), SECRET);
	});

	test(`what another type would have is none in a Secret of type ${type}`, () => {
		const other = secretOf(type === "DockerConfigJson" ? "Basic" : "DockerConfigJson");
		assert.equal(readCredential({ ...secretOf(type), data: other.data }), undefined);
	});
}
