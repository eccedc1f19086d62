import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPart } from "../../test/support/parts.ts";
import { s3Bucket, s3Keys } from "../../test/support/s3.ts";
import { startDockerRegistry } from "../servers/docker-registry.ts";
import type { Server } from "../servers/server.ts";
import { type Fleet, peerFleetOf } from "./fleet.ts";
import type { HaServers } from "./servers.ts";

/** What else serves from a bucket with any number of processes. */
export interface Peers extends AsyncDisposable {
	readonly fleets: readonly Fleet[];
}

/** Starts as many of distribution 3, over the same service; says so where it is not on this machine. */
export const startPeers = async ({ endpoint }: HaServers, count: number): Promise<Peers> => {
	await using opening = new AsyncDisposableStack();
	const program = findPart("registry-3");
	const servers: Server[] = [];
	if (program === undefined)
		console.error("distribution 3 is not on this machine and is left out: see .ci/parts/peers");
	else {
		const folder = mkdtempSync(join(tmpdir(), "limani-bench-peers-"));
		opening.defer(() => rmSync(folder, { recursive: true }));
		const storage = {
			s3: {
				accesskey: s3Keys.accessKeyId,
				secretkey: s3Keys.secretAccessKey,
				region: "us-east-1",
				regionendpoint: endpoint,
				forcepathstyle: true,
				bucket: s3Bucket,
				rootdirectory: "/peer",
			},
			// Otherwise clients are sent to the bucket.
			redirect: { disable: true },
		};
		for (let i = 0; i < count; i++) {
			servers.push(opening.use(await startDockerRegistry({ name: "distribution 3", program, storage, folder })));
		}
	}
	const resources = opening.move();
	const [first, ...others] = servers;
	return {
		fleets: first === undefined ? [] : [peerFleetOf([first, ...others])],
		[Symbol.asyncDispose]: () => resources.disposeAsync(),
	};
};
