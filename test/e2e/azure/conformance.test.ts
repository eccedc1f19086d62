import { test } from "node:test";
import { blobStoreConformance } from "../../conformance/blob-store.ts";
import { openAzureHarness, privateAzurite } from "../../support/azure.ts";

const azurite = privateAzurite();
if (azurite.skip) test("azure on Azurite", { skip: azurite.skip }, () => undefined);
else blobStoreConformance("azure on Azurite", async () => openAzureHarness(await azurite.address()));
