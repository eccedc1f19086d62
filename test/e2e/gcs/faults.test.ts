import { objectStoreFaults } from "../../conformance/object-store-faults.ts";
import { openGcsHarness, openTestGcs, privateGcs } from "../../support/gcs.ts";

const server = privateGcs();

objectStoreFaults({
	name: "gcs on fake-gcs-server",
	skip: server.skip,
	origin: () => server.address(),
	open: (endpoint, prefix, idleMs) => openTestGcs(endpoint, { prefix, ...(idleMs !== undefined && { idleMs }) }),
	harness: async (past) => openGcsHarness(await server.address(), past),
	requests: {
		// Parts and whole objects are alike but for their names, which stand in the body.
		whole: /^POST \/upload\//,
		part: /^POST \/upload\//,
		finish: /^POST .*\/compose/,
		reads: (key) => new RegExp(`^GET .*${key}\\?alt=media`),
		stat: /^GET .*\/o\/[^?]*\?fields=/,
	},
	busy: { status: 503, body: JSON.stringify({ error: { code: 503, errors: [{ reason: "backendError" }] } }) },
});
