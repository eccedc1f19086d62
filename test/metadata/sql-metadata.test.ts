import { metadataConformance } from "../conformance/metadata.ts";
import { openInspectedMetadata, wallClock } from "../support/sqlite-metadata.ts";

metadataConformance("one connection", async (context) => {
	const on = await openInspectedMetadata(wallClock);
	context.after(() => on[Symbol.asyncDispose]());
	return on.metadata;
});
