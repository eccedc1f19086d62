/**
 * The index of the registry: which repositories, manifests, tags, blobs and uploads exist, and under which keys the
 * bytes lie. One interface per aggregate; one SQL implementation (`sql/`) over two dialects.
 *
 * Reads see every write that was acknowledged before them. Each write is one named command: it reads what it needs,
 * decides and writes in one transaction, and is durable (fsync) before it resolves. A command that the rules forbid
 * resolves to `{ refused }`; it never throws for that. Everything throws `MetadataError` UNAVAILABLE when the
 * database cannot answer.
 */
import type { Artifacts, Pulls } from "./artifacts.ts";
import type { Blobs } from "./blobs.ts";
import type { Collection } from "./collection.ts";
import type { ControlState } from "./control-state.ts";
import type { History } from "./history.ts";
import type { Identities } from "./identities.ts";
import type { Manifests } from "./manifests.ts";
import type { Moves } from "./moves.ts";
import type { Objects } from "./objects.ts";
import type { Origins } from "./origins.ts";
import type { Outbox } from "./outbox.ts";
import type { Policies } from "./policies.ts";
import type { Projects } from "./projects.ts";
import type { Replicas } from "./replicas.ts";
import type { Repositories } from "./repositories.ts";
import type { SigningKeys } from "./signing-keys.ts";
import type { Snapshots } from "./snapshots.ts";
import type { TagStates } from "./tag-states.ts";
import type { Uploads } from "./uploads.ts";
import type { Usages } from "./usages.ts";

/** The metadata store of one registry. */
export interface Metadata extends AsyncDisposable {
	readonly projects: Projects;
	readonly identities: Identities;
	readonly repositories: Repositories;
	readonly manifests: Manifests;
	readonly history: History;
	readonly blobs: Blobs;
	readonly uploads: Uploads;
	readonly objects: Objects;
	readonly collection: Collection;
	readonly outbox: Outbox;
	readonly signingKeys: SigningKeys;
	readonly controlState: ControlState;
	readonly snapshots: Snapshots;
	readonly usages: Usages;
	readonly policies: Policies;
	readonly artifacts: Artifacts;
	readonly pulls: Pulls;
	readonly replicas: Replicas;
	readonly tagStates: TagStates;
	readonly origins: Origins;
	readonly moves: Moves;
	/** Resolves when the database answers and its schema is current; throws MetadataError UNAVAILABLE otherwise. */
	ping(signal: AbortSignal): Promise<void>;
}
