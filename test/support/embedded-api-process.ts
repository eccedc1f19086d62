// An embedded API in a process of its own, for tests that kill it: `embedded-api-process.ts DIRECTORY`. Says where it
// listens in one line of JSON.
import { randomBytes } from "node:crypto";
import { openEmbeddedApi } from "#/kube-embedded/embedded-api.ts";

const [directory = ""] = process.argv.slice(2);
const { url, ca, token } = await openEmbeddedApi({
	directory,
	listen: { host: "127.0.0.1", port: 0 },
	now: Date.now,
	randomBytes: (count) => randomBytes(count),
	log: (message, error) => console.error(message, error),
});
console.log(JSON.stringify({ url, ca, token }));
