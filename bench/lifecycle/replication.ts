import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { HttpClient } from "../../test/support/http-client.ts";
import { ADMIN, ADMIN_AUTHORIZATION } from "../../test/support/limani-process.ts";
import { type ReplicatingLimani, startReplicatingLimani } from "../../test/support/replication-bench.ts";

/** What is replicated. */
export interface ReplicationOpts {
	/** Images of one layer of 4 KiB. */
	readonly small: number;
	/** Images of one layer of {@link LARGE_MIB}. */
	readonly large: number;
}

/** What replicating took, seconds. */
export interface ReplicationResult extends ReplicationOpts {
	readonly limani: number;
	/** Into another registry that was as empty. */
	readonly skopeo: number;
	/** Once more, when all is there. */
	readonly limaniAgain: number;
	readonly skopeoAgain: number;
}

const run = promisify(execFile);

const LARGE_MIB = 64;
const REPOSITORIES = 10;
const CLIENTS = 8;

/** Fills one registry, and replicates it to a second by its policy and to a third by `skopeo sync`. */
export const measureReplication = async (opts: ReplicationOpts): Promise<ReplicationResult> => {
	await using source = await startReplicatingLimani();
	await using target = await startReplicatingLimani();
	await using other = await startReplicatingLimani();
	await fill(source, opts);
	await target.applyPolicy("bench", { direction: "Pull", remote: source.remote });
	const limani = await seconds(() => target.agree("bench"));
	const limaniAgain = await seconds(() => target.agree("bench"));
	const sync = (): Promise<void> => skopeoSync(source, other);
	const skopeo = await seconds(sync);
	return { ...opts, limani, skopeo, limaniAgain, skopeoAgain: await seconds(sync) };
};

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
	const from = performance.now();
	await work();
	return (performance.now() - from) / 1000;
};

const repositoryOf = (index: number): string => `team/bench-${index % REPOSITORIES}`;

const fill = async (source: ReplicatingLimani, { small, large }: ReplicationOpts): Promise<void> => {
	using client = new HttpClient(source.url, ADMIN_AUTHORIZATION);
	const sizes = [
		...Array.from({ length: large }, () => LARGE_MIB * 2 ** 20),
		...Array.from({ length: small }, () => 4096),
	];
	const queue = sizes.entries();
	const work = async (): Promise<void> => {
		for (const [index, size] of queue) await pushImage(client, repositoryOf(index), `v${index}`, size);
	};
	await Promise.all(Array.from({ length: CLIENTS }, work));
};

const pushImage = async (client: HttpClient, repository: string, tag: string, size: number): Promise<void> => {
	const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", rootfs: {}, tag }));
	const layer = randomBytes(size);
	const manifest = {
		schemaVersion: 2,
		mediaType: "application/vnd.oci.image.manifest.v1+json",
		config: { mediaType: "application/vnd.oci.image.config.v1+json", ...(await pushBlob(client, repository, config)) },
		layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...(await pushBlob(client, repository, layer)) }],
	};
	const answer = await client.call({
		method: "PUT",
		path: `/v2/${repository}/manifests/${tag}`,
		headers: { "content-type": manifest.mediaType },
		body: [Buffer.from(JSON.stringify(manifest))],
	});
	if (answer?.status !== 201) throw new Error(`a manifest was answered ${answer?.status}`);
};

const pushBlob = async (client: HttpClient, repository: string, bytes: Buffer<ArrayBuffer>) => {
	const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
	const path = `/v2/${repository}/blobs/uploads/?digest=${digest}`;
	const answer = await client.call({ method: "POST", path, body: [bytes] });
	if (answer?.status !== 201) throw new Error(`a blob was answered ${answer?.status}`);
	return { digest, size: bytes.length };
};

const skopeoSync = async (source: ReplicatingLimani, target: ReplicatingLimani): Promise<void> => {
	const creds = `${ADMIN.user}:${ADMIN.password}`;
	for (let i = 0; i < REPOSITORIES; i++) {
		const from = `${new URL(source.url).host}/${repositoryOf(i)}`;
		await run(
			"skopeo",
			[
				...["--insecure-policy", "sync", "--src", "docker", "--dest", "docker"],
				...["--src-tls-verify=false", "--dest-tls-verify=false", "--src-creds", creds, "--dest-creds", creds],
				...[from, `${new URL(target.url).host}/team`],
			],
			{ maxBuffer: 2 ** 26 },
		);
	}
};
