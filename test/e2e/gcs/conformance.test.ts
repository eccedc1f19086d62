import { test } from "node:test";
import { blobStoreConformance } from "../../conformance/blob-store.ts";
import { largeObjectConformance } from "../../conformance/large-object.ts";
import { openGcsHarness, openTestGcs, privateGcs } from "../../support/gcs.ts";

const server = privateGcs();
if (server.skip) test("gcs on fake-gcs-server", { skip: server.skip }, () => undefined);
else blobStoreConformance("gcs on fake-gcs-server", async () => openGcsHarness(await server.address()));

largeObjectConformance("gcs on fake-gcs-server", server.skip, async () =>
	openTestGcs(await server.address(), { partSize: 8 * 1024 * 1024 }),
);
