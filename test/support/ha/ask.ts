import assert from "node:assert/strict";
import { z } from "zod";
import { digestOf } from "#/oci/digest.ts";
import { OCI_CONFIG, OCI_MANIFEST } from "#/oci/media-types.ts";
import { type Answer, type Call, HttpClient } from "../http-client.ts";
import { ADMIN_AUTHORIZATION } from "../limani-process.ts";

/** Asks one replica, on a connection of its own; an answer must come. */
export const ask = async (url: string, call: Call, authorization = ADMIN_AUTHORIZATION): Promise<Answer> => {
	using client = new HttpClient(url, authorization, 60_000, false);
	return (await client.call(call)) ?? assert.fail(`${call.method} ${url}${call.path}: no answer`);
};

const tokenAnswer = z.object({ token: z.string() });

/** An Authorization header that may pull from a repository. */
export const bearerOf = async (url: string, repository: string): Promise<string> => {
	const path = `/token?service=limani&scope=repository:${repository}:pull`;
	return `Bearer ${tokenAnswer.parse(JSON.parse(String((await ask(url, { method: "GET", path })).body))).token}`;
};

/** Pushes a blob in one request. */
export const pushBlob = async (url: string, repository: string, blob: Buffer): Promise<void> => {
	const path = `/v2/${repository}/blobs/uploads/?digest=${digestOf(blob)}`;
	assert.equal((await ask(url, { method: "POST", path, body: [blob] })).status, 201);
};

/** The manifest of an image that has nothing but a config. */
export const manifestOf = (config: Buffer, note = ""): Buffer =>
	Buffer.from(
		JSON.stringify({
			schemaVersion: 2,
			mediaType: OCI_MANIFEST,
			config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: config.byteLength },
			layers: [],
			annotations: { note },
		}),
	);

/** Puts a manifest under a tag. */
export const putManifest = (url: string, path: string, manifest: Buffer): Promise<Answer> =>
	ask(url, { method: "PUT", path, headers: { "content-type": OCI_MANIFEST }, body: [manifest] });
