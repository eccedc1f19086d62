// Several replicas of one registry over a real PostgreSQL and a real object store, behind a round robin.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { FaultyProxy } from "../faulty-proxy.ts";
import type { PrivatePostgres } from "../postgres.ts";
import { type PrivateS3, S3_PART_BYTES, s3Bucket, s3Keys } from "../s3.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { Balancer } from "./balancer.ts";
import { ReplicaLives } from "./lives.ts";
import { openDirect, openProxied, openReplicaNetwork } from "./network.ts";
import { Replica } from "./replica.ts";

/** What a world stands on. */
export interface HaGround {
	/** Where the tests themselves find the database. */
	readonly databaseUrl: string;
	/** Where the tests themselves find the store. */
	readonly endpoint: string;
	/** Where the replicas have their files, and the key that they share. */
	readonly directory: string;
}

/** What a replica finds where. */
export interface ReplicaPlace {
	/** The address that it listens on. */
	readonly host: string;
	/** Its way to the store, `host:port`. */
	readonly store: string;
}

/** How to make a world. */
export interface HaReplicasOpts {
	/** @defaultValue 3 */
	readonly replicas?: number;
	/** Where each replica has its data directory; absent: in one that goes with the test. */
	readonly dataDirOf?: (index: number) => string;
	/** Sections of the configuration, over those of {@link HASTY}; of a replica, where that differs. */
	readonly config?: Sections | ((index: number, place: ReplicaPlace) => Sections);
	/**
	 * What is between a replica and what it stands on: a network namespace and proxies, proxies alone, or nothing, so
	 * that it cannot be cut off and costs what it costs. @defaultValue "namespace"
	 */
	readonly between?: "namespace" | "proxies" | "nothing";
}

/** How to make a world for a test. */
export interface HaWorldOpts extends HaReplicasOpts {
	readonly postgres: PrivatePostgres;
	readonly s3: PrivateS3;
}

/** Sections of a configuration document. */
export type Sections = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

/** Replicas, and what is between them and what they stand on. */
export interface HaReplicas extends HaGround, AsyncDisposable {
	readonly replicas: readonly [Replica, ...Replica[]];
	readonly balancer: Balancer;
	/** The prefix of the registry's objects in the bucket. */
	readonly prefix: string;
	/** Between each replica and the store, in the order of the replicas; none where nothing is. */
	readonly stores: readonly FaultyProxy[];
	readonly lives: ReplicaLives;
}

/** See the head of this file. */
export interface HaWorld extends HaReplicas {
	readonly postgres: PrivatePostgres;
	/** When nothing was left any more of a PostgreSQL that died, by the monotonic clock. */
	readonly databaseDeaths: number[];
}

/** Replicas that are quick to take up what a dead one left. */
const HASTY: Sections = {
	limits: { uploadLease: "1500ms", drain: "20s", stopDelay: "1s", uploadIdle: "90s" },
	housekeeping: { sweepInterval: "500ms", sweepClaim: "3s", journalLease: "1s", jobLease: "2s", snapshotSegments: 20 },
};

/**
 * Replicas that are quick to clear away what nobody will go on with. An intent is stale only after what its writer takes on
 * a busy machine: what it writes later nobody knows.
 */
export const SETTLING: Sections = {
	limits: { uploadLease: "1s", uploadIdle: "1s" },
	housekeeping: { sweepInterval: "200ms", staleIntent: "10s", sweepClaim: "10s", journalLease: "1s", jobLease: "2s" },
};

let worlds = 0;

/** Makes a world whose replicas are ready; undefined where a part is missing, and the test is skipped. */
export const openHaWorld = async (t: TestContext, opts: HaWorldOpts): Promise<HaWorld | undefined> => {
	const { postgres, s3 } = opts;
	const databaseUrl = await postgres.database(t);
	if (databaseUrl === undefined || s3.skip) return undefined;
	const endpoint = await s3.endpoint();
	const opened = await openHaReplicas({ databaseUrl, endpoint, directory: temporaryDirectory(t) }, opts);
	const namespaces = opened.replicas.filter(({ network }) => network.isNamespace).length;
	t.diagnostic(`${opened.replicas.length} replicas, ${namespaces} of them in a network namespace`);
	return Object.assign(opened, { postgres, databaseDeaths: [] });
};

/** Starts replicas over an empty database, and waits until they are ready. */
export const openHaReplicas = async (ground: HaGround, opts: HaReplicasOpts): Promise<HaReplicas> => {
	const { databaseUrl, endpoint, directory } = ground;
	const masterKeyFile = join(directory, "master.key");
	writeFileSync(masterKeyFile, randomBytes(32), { mode: 0o600 });
	const prefix = `world-${++worlds}/`;
	await using stack = new AsyncDisposableStack();
	const lives = new ReplicaLives();
	const stores: FaultyProxy[] = [];
	const replicas: Replica[] = [];
	for (let index = 0; index < (opts.replicas ?? 3); index++) {
		const { between = "namespace" } = opts;
		let store = endpoint;
		if (between !== "nothing") {
			const proxy = stack.use(new FaultyProxy(endpoint));
			stores.push(proxy);
			store = await proxy.start();
		}
		const ports = { database: portOf(databaseUrl), store: portOf(store) };
		const network = stack.use(await NETWORKS[between](ports));
		const over = (typeof opts.config === "function" ? opts.config(index, network) : opts.config) ?? {};
		const config = configOf({ network, databaseUrl, prefix, masterKeyFile, over });
		const dataDir = opts.dataDirOf?.(index) ?? join(directory, `replica-${index}`);
		replicas.push(stack.use(await Replica.open({ name: `replica-${index}`, dataDir, network, config, lives })));
	}
	const [first, ...others] = replicas;
	if (first === undefined) throw new Error("no replica");
	await Promise.all(replicas.map((replica) => replica.start()));
	const balancer = stack.use(await Balancer.open(replicas));
	const resources = stack.move();
	return {
		...ground,
		replicas: [first, ...others],
		balancer,
		prefix,
		stores,
		lives,
		[Symbol.asyncDispose]: () => resources.disposeAsync(),
	};
};

const NETWORKS = { namespace: openReplicaNetwork, proxies: openProxied, nothing: openDirect } as const;

const portOf = (url: string): number => Number(new URL(url).port);

/** The settings of a store of blobs, as a replica finds it. */
export const storeAt = (
	{ store }: ReplicaPlace,
	{ bucket, prefix }: { readonly bucket: string; readonly prefix: string },
) => ({
	s3: { bucket, prefix, endpoint: `http://${store}`, pathStyle: true, ...s3Keys, partSize: S3_PART_BYTES },
});

/** A configuration with sections over those of another. */
export const overlay = (config: Readonly<Record<string, unknown>>, over: Sections): Record<string, unknown> => {
	const merged: Record<string, unknown> = { ...config };
	for (const [name, section] of Object.entries(over)) {
		// Named and undefined: it is to be left out.
		merged[name] = section === undefined ? undefined : { ...Object(merged[name]), ...section };
	}
	return merged;
};

interface ConfigOpts {
	readonly network: ReplicaPlace & { readonly database: string };
	readonly databaseUrl: string;
	readonly prefix: string;
	readonly masterKeyFile: string;
	readonly over: Sections;
}

const configOf = ({ network, databaseUrl, prefix, masterKeyFile, over }: ConfigOpts): Record<string, unknown> => {
	const url = new URL(databaseUrl);
	url.host = network.database;
	const base = {
		database: { postgres: { url: url.href, maxConnections: 8 } },
		stores: { default: storeAt(network, { bucket: s3Bucket, prefix }) },
		auth: { masterKeyFile },
	};
	return overlay(overlay(base, HASTY), over);
};
