import { objectStoreFaults } from "../../conformance/object-store-faults.ts";
import { fieldOf, openAzureHarness, openTestAzure, privateAzurite } from "../../support/azure.ts";

const azurite = privateAzurite();

/** The connection string with the emulator's origin replaced. */
const past = (connectionString: string, origin: string): string =>
	connectionString.replace(new URL(fieldOf(connectionString, "BlobEndpoint")).origin, origin);

objectStoreFaults({
	name: "azure on Azurite",
	skip: azurite.skip,
	origin: async () => new URL(fieldOf(await azurite.address(), "BlobEndpoint")).origin,
	open: async (origin, prefix, idleMs) =>
		openTestAzure(past(await azurite.address(), origin), { prefix, ...(idleMs !== undefined && { idleMs }) }),
	harness: async (origin) => openAzureHarness(await azurite.address(), past(await azurite.address(), origin)),
	requests: {
		whole: /^PUT [^?]*$/,
		part: /^PUT .*comp=block&/,
		finish: /^PUT .*comp=blocklist/,
		reads: (key) => new RegExp(`^GET .*/${key}$`),
		stat: /^HEAD /,
	},
	busy: {
		status: 503,
		body: '<?xml version="1.0" encoding="utf-8"?><Error><Code>ServerBusy</Code><Message>The server is busy.</Message></Error>',
	},
});
