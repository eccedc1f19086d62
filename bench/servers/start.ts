import { findPart } from "../../test/support/parts.ts";
import { pushRepositories } from "../rows/images.ts";
import { type Content, catalogProjects } from "../seed/content.ts";
import { fillCatalog } from "../seed/fill-catalog.ts";
import type { SeedPlaces } from "../seed/seed.ts";
import { startDockerRegistry } from "./docker-registry.ts";
import { startLimaniServer } from "./limani.ts";
import { startNginx } from "./nginx.ts";
import type { Server } from "./server.ts";

/** Where the servers find their data, and which to start. */
export interface StartOpts extends SeedPlaces {
	/** Configurations, logs and Limani's data go here. */
	readonly folder: string;
	/** Starts of names; absent: all that this machine has. */
	readonly peers: readonly string[] | undefined;
	/** What Limani's catalog is filled with before it starts. */
	readonly catalog: readonly Content[];
	/** See `LimaniServerOpts`. */
	readonly profileTo: string | undefined;
}

/** The running servers; dispose them together. */
export interface Servers extends AsyncDisposable {
	readonly limani: Server;
	readonly all: readonly Server[];
}

/** Registries by the part that is looked for, see `.ci/parts`. */
const REGISTRIES: readonly (readonly [part: string, name: string])[] = [
	["registry-2.8.2", "docker-registry 2.8.2"],
	["registry-2.8.3", "docker-registry 2.8.3"],
	["registry-3", "distribution 3"],
];

/** Starts Limani and those of its peers that are there. */
export const startServers = async (opts: StartOpts): Promise<Servers> => {
	await using started = new AsyncDisposableStack();
	const { folder, registryRoot, staticRoot, peers, catalog, profileTo } = opts;
	const limaniOpts = {
		folder,
		projects: ["team", ...catalogProjects],
		repositories: ["app", "large", "images", "tags", "referrers", "pushed"]
			.map((name) => `team/${name}`)
			.concat(pushRepositories),
	};
	if (catalog.length > 0) {
		// Its first start makes the projects.
		const { dataDir, ...empty } = await startLimaniServer({ ...limaniOpts, profileTo: undefined });
		await empty[Symbol.asyncDispose]();
		await fillCatalog(dataDir, catalog);
	}
	const limani = started.use(await startLimaniServer({ ...limaniOpts, profileTo }));
	const all: Server[] = [limani];
	const storage = { filesystem: { rootdirectory: registryRoot } };
	for (const [part, name] of REGISTRIES) {
		const program = findWanted(part, name, peers);
		if (program === undefined) continue;
		all.push(started.use(await startDockerRegistry({ name, program, storage, folder })));
	}
	const nginx = findWanted("nginx", "nginx", peers);
	if (nginx !== undefined) all.push(started.use(await startNginx(nginx, staticRoot, folder)));
	const resources = started.move();
	return { limani, all, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

/** The program of a peer that is wanted; says so when this machine does not have it. */
const findWanted = (part: string, name: string, peers: readonly string[] | undefined): string | undefined => {
	if (peers !== undefined && !peers.some((start) => name.startsWith(start) || part.startsWith(start))) return undefined;
	const program = findPart(part);
	if (program === undefined) console.error(`${name} is not on this machine, and left out: see .ci/parts/peers`);
	return program;
};

/** A program that the benchmark cannot do without. */
export const requireProgram = (part: string): string => {
	const program = findPart(part);
	if (program === undefined) throw new Error(`${part} is needed: see .ci/parts/peers`);
	return program;
};
