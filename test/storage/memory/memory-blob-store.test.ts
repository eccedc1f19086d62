import { blobStoreConformance } from "../../conformance/blob-store.ts";
import { openMemoryHarness } from "../../support/memory-harness.ts";

blobStoreConformance("memory", async () => openMemoryHarness());
