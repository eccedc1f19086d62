import { test } from "node:test";
import { blobStoreConformance } from "../../conformance/blob-store.ts";
import { largeObjectConformance } from "../../conformance/large-object.ts";
import { openAzureHarness, openTestAzure, privateAzurite } from "../../support/azure.ts";

const azurite = privateAzurite();
if (azurite.skip) test("azure on Azurite", { skip: azurite.skip }, () => undefined);
else blobStoreConformance("azure on Azurite", async () => openAzureHarness(await azurite.address()));

largeObjectConformance("azure on Azurite", azurite.skip, async () =>
	openTestAzure(await azurite.address(), { blockSize: 8 * 1024 * 1024 }),
);
