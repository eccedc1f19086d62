import { metadataConformance } from "../conformance/metadata.ts";
import { openInspectedMetadata } from "../support/sqlite-metadata.ts";

metadataConformance("one connection", async (context) => {
	const { metadata, clock, ...rest } = await openInspectedMetadata();
	const ticking = setInterval(() => {
		clock.now = Date.now();
	}, 1);
	clock.now = Date.now();
	context.after(() => {
		clearInterval(ticking);
		return rest[Symbol.asyncDispose]();
	});
	return metadata;
});
