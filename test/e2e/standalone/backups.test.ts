import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import { startStandalone } from "../../support/standalone-process.ts";

const BLOBS = 40;
const BLOB_BYTES = 2_000_000;

/** Pushes blobs of their own content into a project, and one image of them all. */
const fill = async (origin: string): Promise<void> => {
	const headers = { authorization: `Basic ${Buffer.from("me:try-limani").toString("base64")}` };
	const push = async (bytes: Buffer) => {
		const begun = await fetch(`${origin}/v2/demo/big/blobs/uploads/`, { method: "POST", headers });
		assert.equal(begun.status, 202, await begun.text());
		const location = new URL(begun.headers.get("location") ?? "", origin);
		location.searchParams.set("digest", digestOf(bytes));
		const ended = await fetch(location, { method: "PUT", headers, body: bytes });
		assert.equal(ended.status, 201, await ended.text());
		return { mediaType: "application/octet-stream", size: bytes.length, digest: digestOf(bytes) };
	};
	const config = await push(Buffer.from("{}"));
	const layers = [];
	for (let i = 0; i < BLOBS; i++) layers.push(await push(randomBytes(BLOB_BYTES)));
	const mediaType = "application/vnd.oci.image.manifest.v1+json";
	const tagged = await fetch(`${origin}/v2/demo/big/manifests/1`, {
		method: "PUT",
		headers: { ...headers, "content-type": mediaType },
		body: JSON.stringify({ schemaVersion: 2, mediaType, config, layers }),
	});
	assert.equal(tagged.status, 201, await tagged.text());
};

const backup = (name: string): string => `
apiVersion: limani.dev/v1alpha1
kind: Backup
metadata: { name: ${name} }
spec: { registryRef: { name: default } }
`;

test("a Backup whose process is killed in the middle has failed, and leaves none", async (t) => {
	await using standalone = await startStandalone();
	const { kubectl } = standalone;
	await kubectl(
		"patch",
		"registry",
		"default",
		"--type=merge",
		"-p",
		'{"spec":{"backup":{"archive":{"filesystem":{}}}}}',
	);
	await kubectl("wait", "--for=condition=Ready", "registry/default", "--timeout=60s");
	await fill(`http://${standalone.address}`);
	await standalone.feed(backup("one"), "apply", "-f", "-");
	const blobs = join(standalone.directory, "**", "stores/default/blobs/*/*/*");
	const end = performance.now() + 60_000;
	while (globSync(blobs).length === 0) {
		assert.ok(performance.now() < end, "no Backup was begun");
		await sleep(2);
	}
	await standalone.stop("SIGKILL");
	t.diagnostic(`killed when ${globSync(blobs).length} of ${BLOBS + 1} blobs were copied`);
	await standalone.start();
	await kubectl(
		"wait",
		'--for=jsonpath={.status.conditions[?(@.type=="Ready")].reason}=Failed',
		"backup/one",
		"--timeout=120s",
	);
	const told = "jsonpath={.status.error}|{.status.backupId}|{.status.recoveryPoint}";
	assert.equal(await kubectl("get", "backup", "one", "-o", told), "the process that ran it died||");
	// It lets go of the registry once that is told, and is not begun again.
	await kubectl("delete", "backup", "one", "--timeout=60s");
	assert.deepEqual(globSync(join(standalone.directory, "archives", "**", "backups", "*")), []);
});
