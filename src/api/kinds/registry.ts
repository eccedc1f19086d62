import { z } from "zod";
import { instant } from "#/api/fields/instants.ts";
import { listMap } from "#/api/fields/lists.ts";
import { podFields } from "#/api/fields/pods.ts";
import { type CelRule, immutableMember, type Rule, withRules } from "#/api/fields/rules.ts";
import { COMMON_CONDITIONS, COMMON_REASONS, commonStatus } from "#/api/fields/status.ts";
import { type KindDefinition, LAST_COLUMNS, OURS } from "./kind-definition.ts";
import { type ParsedResource, type Resource, resourceParser } from "./parse-resource.ts";
import { allowedNamespaces, registryAuth, registryEgress, registryExposure } from "./registry-access.ts";
import { registryAutoscaling } from "./registry-autoscaling.ts";
import { archiveApart, archiveOfOne, registryBackup, registryRecovery } from "./registry-backup.ts";
import { classVolumesOfOne } from "./registry-class-volumes.ts";
import { databaseMigrationStays, databaseStays, fromEmbedded } from "./registry-database-migration.ts";
import { fromFiles, migrationStatus, migrationStays, storageStays } from "./registry-migration.ts";
import { placesIn, sharedPlace } from "./registry-places.ts";
import { registryDatabase, registryMigration, registryStorage, registryStorageClasses } from "./registry-storage.ts";

interface Stores {
	readonly storage: { readonly filesystem?: unknown };
	readonly database: { readonly postgres?: unknown; readonly cloudNativePG?: unknown };
}

const IS_SHARED =
	"((has(self.database.postgres) || has(self.database.cloudNativePG)) && !has(self.storage.filesystem))";

/** Whether several processes may open what a registry keeps. */
const isShared = ({ storage, database }: Stores): boolean =>
	(database.postgres !== undefined || database.cloudNativePG !== undefined) && storage.filesystem === undefined;

const oneWriter: Rule<Stores & { readonly replicas: number }> = {
	rule: `self.replicas <= 1 || ${IS_SHARED}`,
	message:
		"more than one replica needs database.postgres (or cloudNativePG) and object storage (s3, gcs or azure): a second process must not open the embedded database",
	fieldPath: ".replicas",
	holds: (spec) => spec.replicas <= 1 || isShared(spec),
};

const severalMayServe: Rule<Stores & { readonly autoscaling?: { readonly maxReplicas: number } }> = {
	rule: `!has(self.autoscaling) || self.autoscaling.maxReplicas <= 1 || ${IS_SHARED}`,
	message: "several replicas need database.postgres (or cloudNativePG) and object storage (s3, gcs or azure)",
	fieldPath: ".autoscaling",
	holds: (spec) => spec.autoscaling === undefined || spec.autoscaling.maxReplicas <= 1 || isShared(spec),
};

/** The spec of a Registry. */
export const registrySpec = withRules(
	z
		.object({
			replicas: z
				.int32()
				.min(0)
				.max(100)
				.default(1)
				.describe(
					"How many processes serve; 0: none, and what was pushed stays; more than 1 share a database and a bucket",
				),
			autoscaling: registryAutoscaling
				.exactOptional()
				.describe(
					"Lets load say how many processes serve: replicas is written by it then, and is best left out. Needs a metrics server. In a cluster",
				),
			...podFields,
			storage: registryStorage.prefault({ filesystem: {} }).describe("Where blobs are kept; default: files"),
			migration: registryMigration
				.exactOptional()
				.describe(
					"Where its storage and its database go while it is used, both at once or one after the other; what has begun can only come to its end. Default: they stay where they are",
				),
			storageClasses: registryStorageClasses
				.default([])
				.describe(
					"More places where blobs are kept, each for the Projects that name it, with keys of its own. One that is used cannot be taken away",
				),
			database: registryDatabase.prefault({ embedded: {} }).describe("Where metadata is kept; default: embedded"),
			exposure: registryExposure.prefault({}).describe("How clients reach it"),
			auth: registryAuth.prefault({}).describe("Who may log in, and how"),
			allowedNamespaces: allowedNamespaces
				.prefault({})
				.describe(
					"Whose Projects, RobotAccounts and policies may name this Registry, beside those of its own namespace",
				),
			egress: registryEgress.prefault({}).describe("What its policies may connect to, which tenants write"),
			backup: registryBackup.exactOptional().describe("Where its backups go; default: there are none"),
			bootstrap: z
				.object({ recovery: registryRecovery.describe("What an archive of backups has of a registry") })
				.exactOptional()
				.describe("What it begins with, holding nothing yet; cannot be changed; default: with nothing"),
			deletionPolicy: z
				.enum(["Retain", "Delete"])
				.default("Retain")
				.describe("What becomes of blobs and metadata when the resource is deleted: they stay, or they go"),
			suspend: z.boolean().default(false).describe("Whether to leave the registry as it is, whatever is changed here"),
		})
		.check((context) => {
			// Too much for a rule of the API server, which would compare each with each.
			const shared = sharedPlace(placesIn(context.value));
			if (shared === undefined) return;
			const message = `expected places of their own: ${shared}`;
			context.issues.push({ code: "custom", message, input: context.value, path: [] });
		}),
	oneWriter,
	severalMayServe,
	archiveOfOne,
	archiveApart,
	classVolumesOfOne,
	fromFiles,
	fromEmbedded,
	immutableMember("bootstrap"),
);

const usage = z.object({
	logicalBytes: z.int().min(0).describe("Bytes of the blobs and manifests of all projects"),
	projects: z.int().min(0).describe("Projects"),
	repositories: z.int().min(0).describe("Repositories"),
	artifacts: z.int().min(0).describe("Manifests, those in indexes too"),
});

const collection = z.object({
	reclaimedObjects: z
		.int()
		.min(0)
		.describe("Blobs that nobody used and that were taken away, since the registry is there"),
	reclaimedBytes: z.int().min(0).describe("Bytes that they had"),
	lastReclaimTime: instant.exactOptional().describe("When one was taken away last"),
	reviews: z
		.int()
		.min(0)
		.describe("Links and blobs, used ones too, that are looked at when their delay is over; counted to a few thousand"),
	waitingObjects: z.int().min(0).describe("Blobs that nothing uses and that go after their delay: at least so many"),
	waitingBytes: z.int().min(0).describe("Bytes that they have"),
});

const storageClassStatus = z.object({
	name: z.string().max(63).describe("Name of the class; default is spec.storage"),
	available: z.boolean().describe("Whether it answers"),
	inUse: z.boolean().describe("Whether projects or what they pushed are in it: then it cannot be taken away"),
});

/** The status of a Registry. */
export const registryStatus = z.object({
	...commonStatus,
	url: z.string().max(1_024).exactOptional().describe("Where clients reach it"),
	version: z.string().max(128).exactOptional().describe("Release that serves"),
	replicas: z.int32().min(0).exactOptional().describe("Processes there are"),
	readyReplicas: z.int32().min(0).exactOptional().describe("Processes that serve"),
	selector: z.string().max(1_024).exactOptional().describe("Which pods are its own, as a label selector"),
	usage: usage.exactOptional().describe("What it holds, at most a few minutes ago"),
	storageClasses: listMap(storageClassStatus, ["name"], 64).exactOptional().describe("How its stores of blobs stand"),
	migration: migrationStatus.exactOptional().describe("How far spec.migration is; only there with it"),
	collection: collection
		.exactOptional()
		.describe("What the collection of unused content did, at most a few minutes ago"),
	firstRecoverabilityPoint: instant
		.exactOptional()
		.describe("From here on every instant can be had again, by its backups and the journal in their archive"),
	lastSuccessfulBackup: instant.exactOptional().describe("When the last backup came to its end that is whole"),
	restoredTime: instant
		.exactOptional()
		.describe("When what spec.bootstrap.recovery asks for was there: nothing of what it names is needed any more"),
});

const nameFits: CelRule = {
	rule: "self.metadata.name.matches('^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$')",
	message:
		"the name must be at most 40 lower-case letters, digits and dashes that begin with a letter: Services are named after it",
};

const usedClassesStay: CelRule = {
	rule: "!has(oldSelf.spec.storageClasses) || !has(self.status) || !has(self.status.storageClasses) || oldSelf.spec.storageClasses.all(c, (has(self.spec.storageClasses) && self.spec.storageClasses.exists(k, k.name == c.name)) || !self.status.storageClasses.exists(k, k.name == c.name && k.inUse))",
	message: "a storage class that projects use cannot be taken away: move them to another one first",
	fieldPath: ".spec.storageClasses",
	reason: "FieldValueForbidden",
};

/** The types of a Registry's conditions. */
export const REGISTRY_CONDITIONS = {
	...COMMON_CONDITIONS,
	Available: "At least one process serves, whether or not all that the spec asks for is so.",
	StorageReady: "All stores of blobs answer: spec.storage and each of spec.storageClasses.",
	StorageMigrated:
		"All that it keeps is where spec.migration.storage says, which is then to be named in spec.storage; only there with spec.migration.storage.",
	DatabaseMigrated:
		"All metadata is where spec.migration.database says, which is then to be named in spec.database; only there with spec.migration.database.",
	DatabaseReady:
		"The Cluster of PostgreSQL that was made for it is ready, with all its instances; only there with spec.database.cloudNativePG.",
	BackupReady:
		"The last backup succeeded, and what changes goes into the archive: every instant since firstRecoverabilityPoint can be had; only there with spec.backup.",
} as const;

/** The reasons of a Registry's conditions. */
export const REGISTRY_REASONS = {
	...COMMON_REASONS,
	Serving: "At least one process serves.",
	NotServing: "No process serves, though some should.",
	ScaledToZero: "spec.replicas is 0: none is to serve.",
	StorageUnavailable: "A store of blobs does not answer or take what is written; who uses others is not hurt.",
	MigrationHeldUp:
		"Something keeps a migration from its end: a target that does not answer, one that is not empty, objects that are not whole, uploads that began before it.",
	CloudNativePGMissing:
		"spec.database.cloudNativePG asks for a Cluster of CloudNativePG, whose operator is not installed here.",
	DatabaseNotReady:
		"The Cluster of PostgreSQL that was made for it is not ready, or not with all its instances; the message says how it stands.",
	DatabaseLost:
		"The Cluster of PostgreSQL that a Registry ran on is gone: an empty one is not put in its place by itself.",
	Restoring: "What spec.bootstrap.recovery names is being copied; clients are served when all of it is there.",
	BackupMissing: "There is no whole backup yet: make one with a Backup or a BackupSchedule.",
	BackupFailed: "The last backup failed; its Backup says why.",
	ArchiveUnavailable: "The archive of backups does not answer; clients are served as ever.",
	JournalBehind: "What changed is not in the archive since long: it would be lost with the registry.",
	InUse: "It is being deleted, and Projects or RobotAccounts that name it are still there.",
} as const;

/** The kind Registry. */
export const registryKind = {
	...OURS,
	kind: "Registry",
	plural: "registries",
	singular: "registry",
	shortNames: ["reg"],
	description: "A container registry: where it keeps what is pushed, how clients reach it, who may log in.",
	spec: registrySpec,
	status: registryStatus,
	rules: [nameFits, usedClassesStay, storageStays, migrationStays, databaseStays, databaseMigrationStays],
	columns: [
		{ name: "URL", type: "string", jsonPath: ".status.url", description: "Where clients reach it" },
		{
			name: "Replicas",
			type: "integer",
			jsonPath: ".status.readyReplicas",
			description: "Processes that serve",
		},
		{ name: "Version", type: "string", jsonPath: ".status.version", description: "Release that serves", priority: 1 },
		{
			name: "Bytes",
			type: "integer",
			jsonPath: ".status.usage.logicalBytes",
			description: "What it holds",
			priority: 1,
		},
		...LAST_COLUMNS,
	],
	selectableFields: [],
	scale: {
		specReplicasPath: ".spec.replicas",
		statusReplicasPath: ".status.replicas",
		labelSelectorPath: ".status.selector",
	},
	conditions: REGISTRY_CONDITIONS,
	reasons: REGISTRY_REASONS,
} as const satisfies KindDefinition;

/** What a Registry asks for, with defaults. */
export type RegistrySpec = z.output<typeof registrySpec>;
/** What was observed of a Registry. */
export type RegistryStatus = z.output<typeof registryStatus>;
/** A Registry. */
export type Registry = Resource<RegistrySpec, RegistryStatus>;
/** A word of {@link REGISTRY_CONDITIONS}. */
export type RegistryCondition = keyof typeof REGISTRY_CONDITIONS;
/** A word of {@link REGISTRY_REASONS}. */
export type RegistryReason = keyof typeof REGISTRY_REASONS;

/** Parses an object of kind Registry; never throws. */
export const parseRegistry: (object: { readonly [field: string]: unknown }) => ParsedResource<Registry> =
	resourceParser(registryKind);
