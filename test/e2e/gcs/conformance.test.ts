import { test } from "node:test";
import { blobStoreConformance } from "../../conformance/blob-store.ts";
import { openGcsHarness, privateGcs } from "../../support/gcs.ts";

const server = privateGcs();
if (server.skip) test("gcs on fake-gcs-server", { skip: server.skip }, () => undefined);
else blobStoreConformance("gcs on fake-gcs-server", async () => openGcsHarness(await server.address()));
