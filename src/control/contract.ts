import { z } from "zod";
import { CONTROLLED_KINDS } from "#/api/controlled-specs.ts";
import { isDigest } from "#/oci/digest.ts";
import { isRepositoryName, MAX_NAME_LENGTH } from "#/oci/name.ts";
import { isTag } from "#/oci/tag.ts";
import type { Control } from "./control.ts";

const count = z.int().min(0);
const uid = z.string().min(1).max(128);

const desired = z.object({
	kind: z.enum(CONTROLLED_KINDS),
	uid,
	generation: count,
	spec: z.record(z.string(), z.unknown()),
});

const observed = z.object({
	kind: z.enum(CONTROLLED_KINDS),
	uid: z.string(),
	generation: count,
	ready: z.boolean(),
	reason: z.string(),
	message: z.string(),
	cursor: count,
	deleted: z.boolean(),
	report: z.record(z.string(), z.unknown()).optional(),
});

const projectUsage = z.object({
	uid: z.string(),
	name: z.string(),
	blobBytes: count,
	manifestBytes: count,
	manifests: count,
	repositories: count,
});

const counted = z.object({ done: count, all: count });

const storeMigration = z.object({
	to: z.string(),
	stage: z.enum(["Pending", "Copying", "Completed"]),
	objects: counted,
	bytes: counted,
	message: z.string().optional(),
});

const databaseMigration = z.object({
	to: z.string(),
	stage: z.enum(["Pending", "Copying", "Completed"]),
	rows: counted.optional(),
	message: z.string().optional(),
});

const staleEpoch = z.object({ reason: z.literal("stale-epoch"), epoch: count });
const baseMismatch = z.object({ reason: z.literal("base-mismatch"), base: count });
const unknownFeature = z.object({ reason: z.literal("unknown-feature"), features: z.array(z.string()) });
const applied = z.union([
	z.object({ base: count }),
	z.object({ refused: z.discriminatedUnion("reason", [staleEpoch, baseMismatch]) }),
]);

const repository = z.string().refine(isRepositoryName, "expected a repository's name");
const tag = z.string().refine(isTag, "expected a tag");
const digest = z.string().refine(isDigest, "expected a digest");
const historyEntry = z.object({
	tag: z.string().optional(),
	digest: z.string(),
	startedAt: count,
	startedBy: z.string(),
	endedAt: count.optional(),
	endedBy: z.string().optional(),
	restorableUntil: count.optional(),
});
const restored = z.object({
	digest: z.string(),
	manifests: z.array(z.string()),
	tags: z.array(z.string()),
	moved: z.array(z.string()),
});
const restoreRefusal = z.object({
	reason: z.enum([
		"repository-unknown",
		"tag-unknown",
		"window-ended",
		"immutable",
		"manifest-unknown",
		"content-unknown",
	]),
	message: z.string(),
});

const decision = z.object({
	repository: z.string(),
	digest: z.string(),
	tags: z.array(z.string()),
	keep: z.boolean(),
	rule: z.string().optional(),
	why: z.string(),
});
const policyUnknown = z.object({ reason: z.literal("policy-unknown"), message: z.string() });

const namesOnce = (uids: readonly string[]): boolean => new Set(uids).size === uids.length;
const ONCE = "expected each uid once";

/** The shape of one operation on the wire. */
export interface Operation<In = unknown, Out = unknown> {
	readonly name: keyof Control;
	/** Below the origin; every operation is a POST of JSON, answered by 200 and JSON. */
	readonly path: string;
	readonly input: z.ZodType<In>;
	readonly output: z.ZodType<Out>;
}

const operation = <In, Out>(name: keyof Control, input: z.ZodType<In>, output: z.ZodType<Out>): Operation<In, Out> => ({
	name,
	path: `/control/v1/${name}`,
	input,
	output,
});

/** Every operation of {@link Control}: the one table from which the client and the server are made. */
export const CONTRACT = {
	begin: operation("begin", z.object({ holder: z.string().min(1).max(256) }), z.object({ epoch: count, base: count })),
	apply: operation(
		"apply",
		z
			.object({
				epoch: count,
				base: count,
				upserts: z.array(desired),
				deletes: z.array(uid),
				releases: z.array(uid).optional(),
			})
			.refine(
				({ upserts, deletes, releases = [] }) => namesOnce([...upserts.map((one) => one.uid), ...deletes, ...releases]),
				ONCE,
			),
		applied,
	),
	resync: operation(
		"resync",
		z
			.object({ epoch: count, snapshot: z.string().min(1).max(128), resources: z.array(desired), last: z.boolean() })
			.refine(({ resources }) => namesOnce(resources.map((one) => one.uid)), ONCE),
		applied,
	),
	observe: operation(
		"observe",
		z.object({ cursor: count, limit: z.int().min(1).max(1_000) }),
		z.object({ changes: z.array(observed), cursor: count }),
	),
	usage: operation(
		"usage",
		z.object({ after: z.string().max(MAX_NAME_LENGTH).optional(), limit: z.int().min(1).max(1_000) }),
		z.object({ projects: z.array(projectUsage), more: z.boolean() }),
	),
	totals: operation(
		"totals",
		z.record(z.string(), z.never()),
		z.object({
			reclaimed: z.object({ objects: count, bytes: count, at: count.optional() }),
			waiting: z.object({ reviews: count, objects: count, bytes: count }),
			stores: z
				.array(
					z.object({
						name: z.string(),
						used: z.boolean(),
						away: z.string().optional(),
						migration: storeMigration.optional(),
					}),
				)
				.optional(),
			databaseMigration: databaseMigration.optional(),
		}),
	),
	archive: operation(
		"archive",
		z.record(z.string(), z.never()),
		z.object({
			archive: z
				.object({
					firstRecoverabilityPoint: count.optional(),
					lastSuccessfulBackup: z.object({ id: z.string(), at: count, finishedAt: count }).optional(),
					shippedUntil: count.optional(),
					away: z.string().optional(),
				})
				.optional(),
		}),
	),
	history: operation(
		"history",
		z.object({
			repository,
			tag: tag.optional(),
			after: z.string().max(512).optional(),
			limit: z.int().min(1).max(1_000),
		}),
		z.object({ entries: z.array(historyEntry), next: z.string().optional() }),
	),
	restore: operation(
		"restore",
		z
			.object({
				repository,
				digest: digest.optional(),
				tag: tag.optional(),
				at: count.optional(),
				actor: z.string().min(1).max(256),
			})
			.refine((wanted) => (wanted.digest === undefined) !== (wanted.tag === undefined), "expected a tag or a digest")
			.refine(({ tag, at }) => tag !== undefined || at === undefined, "expected a tag with a time"),
		z.union([restored, z.object({ refused: restoreRefusal })]),
	),
	explain: operation(
		"explain",
		z.object({
			policy: z.string().min(1).max(317),
			repository: repository.optional(),
			after: z
				.string()
				.max(512)
				.regex(/^\d{1,16}@[^@]+@[^@]+$/, "expected next of the page before")
				.optional(),
			limit: z.int().min(1).max(500),
		}),
		z.union([
			z.object({ decisions: z.array(decision), next: z.string().optional() }),
			z.object({ refused: policyUnknown }),
		]),
	),
	run: operation(
		"run",
		z.object({ epoch: count, feature: z.string().min(1).max(64), id: z.string().max(512) }),
		z.union([
			z.object({ ran: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])) }),
			z.object({ refused: z.discriminatedUnion("reason", [staleEpoch, baseMismatch, unknownFeature]) }),
		]),
	),
} as const satisfies {
	readonly [K in keyof Control]: Operation<Parameters<Control[K]>[0], Awaited<ReturnType<Control[K]>>>;
};
