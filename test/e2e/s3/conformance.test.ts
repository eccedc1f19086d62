import { test } from "node:test";
import { blobStoreConformance } from "../../conformance/blob-store.ts";
import { openS3Harness, privateS3, s3Servers } from "../../support/s3.ts";

for (const name of s3Servers) {
	const server = privateS3(name);
	if (server.skip) test(`s3 on ${name}`, { skip: server.skip }, () => undefined);
	else blobStoreConformance(`s3 on ${name}`, async () => openS3Harness(await server.endpoint()));
}
