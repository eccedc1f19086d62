import assert from "node:assert/strict";
import { createSign, generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Storage } from "@google-cloud/storage";
import { findCredentials } from "#/storage/gcs/credentials.ts";
import { Presigner } from "#/storage/gcs/presigner.ts";
import { signUrl } from "#/storage/gcs/sign-url.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const email = "registry@project.iam.gserviceaccount.com";
const signer = {
	email,
	sign: async (text: string) => createSign("RSA-SHA256").update(text).sign(privateKey),
};

test("a URL is signed as Google's own library signs it", async () => {
	const storage = new Storage({ credentials: { client_email: email, private_key: pem }, projectId: "project" });
	const from = Math.floor(Date.now() / 1000) * 1000;
	for (const name of ["blob", "limani/ab/0123.sha256-ff", "odd name/ü+&=~(x)"]) {
		const [expected] = await storage
			.bucket("a-bucket")
			.file(name)
			.getSignedUrl({
				version: "v4",
				action: "read",
				accessibleAt: from,
				expires: from + 900_000,
				responseType: "application/vnd.oci.image.layer.v1.tar+gzip",
			});
		const path = name
			.split("/")
			.map((part) => encodeURIComponent(part).replace(/[()]/g, (c) => `%${c.charCodeAt(0).toString(16)}`));
		const url = new URL(`https://storage.googleapis.com/a-bucket/${path.join("/")}`);
		const signed = await signUrl(url, signer, {
			method: "GET",
			query: { "response-content-type": "application/vnd.oci.image.layer.v1.tar+gzip" },
			from,
			life: 900,
		});
		assert.deepEqual(parametersOf(signed), parametersOf(expected));
		assert.equal(new URL(signed).pathname.toLowerCase(), new URL(expected).pathname.toLowerCase());
	}
});

test("a URL is the same for half its life, and signed once", async () => {
	let now = 1_200_000 * 1000;
	let signatures = 0;
	const counting = {
		email,
		sign: async (text: string) => {
			signatures++;
			return await signer.sign(text);
		},
	};
	const bucketUrl = "https://storage.googleapis.com/a-bucket";
	const presigner = new Presigner({ signer: counting, bucketUrl, now: () => now, life: 1200 });
	const opts = { contentType: "application/octet-stream", method: "GET" } as const;
	const url = await presigner.sign("blob", opts);
	now += 599_999;
	assert.equal(await presigner.sign("blob", opts), url);
	assert.equal(signatures, 1);
	now += 1;
	assert.notEqual(await presigner.sign("blob", opts), url);
	assert.notEqual(await presigner.sign("blob", { ...opts, method: "HEAD" }), await presigner.sign("blob", opts));
	const { searchParams } = new URL(url);
	const date = searchParams
		.get("X-Goog-Date")
		?.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, "$1-$2-$3T$4:$5:$6Z");
	const end = Date.parse(date ?? "") + Number(searchParams.get("X-Goog-Expires")) * 1000;
	assert.equal(end, 1_200_000 * 1000 + 1_200_000);
});

test("a signature that fails is asked for again the next time", async () => {
	let calls = 0;
	const failing = {
		email,
		sign: async (text: string) => {
			if (++calls === 1) throw new Error("the IAM service is busy");
			return await signer.sign(text);
		},
	};
	const presigner = new Presigner({ signer: failing, bucketUrl: "https://host/b", now: () => 0, life: 1200 });
	const opts = { contentType: "application/octet-stream", method: "GET" } as const;
	await assert.rejects(() => presigner.sign("blob", opts), /busy/);
	assert.match(await presigner.sign("blob", opts), /X-Goog-Signature=[0-9a-f]{512}$/);
});

test("a service account's key file signs, and a missing or foreign one says so", async (t) => {
	const folder = await mkdtemp(join(tmpdir(), "limani-gcs-"));
	t.after(() => rm(folder, { recursive: true }));
	const file = join(folder, "key.json");
	await writeFile(file, JSON.stringify({ type: "service_account", client_email: email, private_key: pem }));
	const found = await findCredentials(file).findSigner();
	assert.equal(found.email, email);
	assert.deepEqual(Buffer.from(await found.sign("text")), Buffer.from(await signer.sign("text")));
	const signal = new AbortController().signal;
	await assert.rejects(() => findCredentials(join(folder, "none.json")).authorize(signal), {
		name: "CredentialsError",
	});
	await writeFile(file, "{}");
	await assert.rejects(() => findCredentials(file).findSigner(), { name: "CredentialsError" });
});

function parametersOf(url: string): Record<string, string> {
	return Object.fromEntries(new URL(url).searchParams);
}
