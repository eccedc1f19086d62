/**
 * What the outbox, the journal and a snapshot hold: one record for each committed change, with all that is needed to
 * make the change again. Applied in order they give the registry back; applied twice they change nothing.
 *
 * A record's `at` and `store` stand beside its body: see `OutboxRow`. Signing keys and refresh tokens are not
 * recorded: a restored registry mints new ones.
 */
import { z } from "zod";
import { projectSpec } from "#/api/project-spec.ts";
import { robotAccountSpec } from "#/api/robot-account-spec.ts";
import { userSpec } from "#/api/user-spec.ts";

const digest = z.templateLiteral([z.enum(["sha256", "sha512"]), ":", z.string()]);
const actor = z.string();
const generation = z.int();
/** Bytes. */
const size = z.int();
/** Counts the tag moves of a repository. */
const move = z.int();

const projectPut = z.object({
	...projectSpec.shape,
	kind: z.literal("project-put"),
	uid: z.string(),
	owner: z.string(),
	generation,
	/** The store that its repositories go to, where they are not all in one; `store` is that of new ones then. */
	movingTo: z.string().optional(),
	/** Counts the changes of this project, over all stores it ever had. */
	revision: z.int(),
	actor,
});

const manifestPut = z.object({
	kind: z.literal("manifest-put"),
	repository: z.string(),
	digest,
	mediaType: z.string(),
	artifactType: z.string().optional(),
	annotations: z.record(z.string(), z.string()).optional(),
	config: digest.optional(),
	subject: digest.optional(),
	/** Digests of the blobs it references, the config included. */
	blobs: z.array(digest),
	children: z.array(digest),
	/** The bytes as they were pushed, in base64. */
	payload: z.base64(),
	/** When and by whom it was pushed first, where this brings it back; milliseconds since the epoch. */
	pushed: z.object({ at: z.int(), by: z.string() }).optional(),
	actor,
});

/** Every record, told apart by `kind`. */
const registryRecord = z.discriminatedUnion("kind", [
	projectPut,
	z.object({ kind: z.literal("project-removed"), uid: z.string(), name: z.string(), revision: z.int(), actor }),
	/** Nobody controls it any more; it stays as it is. */
	z.object({ kind: z.literal("project-released"), uid: z.string(), name: z.string(), revision: z.int(), actor }),
	/** It cannot come back any more: what it had in this store is gone. In the journal of every store. */
	z.object({ kind: z.literal("project-emptied"), uid: z.string(), name: z.string(), revision: z.int(), actor }),
	z.object({ ...userSpec.shape, kind: z.literal("user-put"), uid: z.string(), generation, actor }),
	z.object({ kind: z.literal("user-removed"), uid: z.string(), name: z.string(), actor }),
	z.object({ ...robotAccountSpec.shape, kind: z.literal("robot-put"), uid: z.string(), generation, actor }),
	z.object({ kind: z.literal("robot-removed"), uid: z.string(), name: z.string(), actor }),
	z.object({
		kind: z.literal("repository-created"),
		repository: z.string(),
		project: z.string(),
		/** Milliseconds since the epoch; in snapshots only, where no manifest may be left to tell it. */
		publishedAt: z.int().optional(),
		/** The last tag move and its time; in snapshots only, where no place of a tag may be left to tell it. */
		moves: move.optional(),
		movedAt: z.int().optional(),
		/** The project's revision when it came into the store of this record; of two places the later one counts. */
		placement: z.int().optional(),
		/** It came from another store: it is here once all that follows is, which `repository-arrived` says. */
		moved: z.boolean().optional(),
		actor,
	}),
	/** All that it had in the store that it came from has been recorded in this one. */
	z.object({ kind: z.literal("repository-arrived"), repository: z.string(), placement: z.int(), actor }),
	/** It never had a manifest, and has nothing in it. */
	z.object({ kind: z.literal("repository-removed"), repository: z.string(), project: z.string(), actor }),
	/** The blob (store, digest) lies under `key` from now on. */
	z.object({ kind: z.literal("object-live"), key: z.string(), digest, size, actor }),
	/** The object's bytes may be deleted, and the blob that it was is no more. */
	z.object({ kind: z.literal("object-condemned"), key: z.string(), digest, actor }),
	z.object({
		kind: z.literal("blob-linked"),
		repository: z.string(),
		digest,
		size,
		/** The repository that it was mounted from. */
		from: z.string().optional(),
		actor,
	}),
	z.object({ kind: z.literal("blob-unlinked"), repository: z.string(), digest, actor }),
	manifestPut,
	z.object({
		kind: z.literal("manifest-removed"),
		repository: z.string(),
		digest,
		/** Until when it can be restored, milliseconds since the epoch; absent: it cannot. */
		until: z.int().optional(),
		/** The tags that went with it, each with the move that had brought it there. */
		tags: z.array(z.object({ tag: z.string(), move })).optional(),
		actor,
	}),
	/** When it was last pulled, and pushed again, milliseconds since the epoch; in snapshots only. */
	z.object({
		kind: z.literal("manifest-used"),
		repository: z.string(),
		digest,
		pulledAt: z.int().optional(),
		pushedAt: z.int().optional(),
		actor,
	}),
	z.object({
		kind: z.literal("tag-moved"),
		repository: z.string(),
		tag: z.string(),
		digest,
		/** What the tag pointed at before; absent when it is new, and in snapshots. */
		previous: digest.optional(),
		move,
		actor,
	}),
	z.object({
		kind: z.literal("tag-removed"),
		repository: z.string(),
		tag: z.string(),
		digest,
		move,
		/** Until when that it was there is remembered, milliseconds since the epoch; in snapshots only. */
		until: z.int().optional(),
		actor,
	}),
]);

/** One committed change. */
export type RegistryRecord = z.infer<typeof registryRecord>;

/** The kinds of records. */
export type RecordKind = RegistryRecord["kind"];

/** A record of one kind. */
export type RecordOf<K extends RecordKind> = Extract<RegistryRecord, { readonly kind: K }>;

/**
 * The record that an outbox row, a journal line or a snapshot line holds.
 *
 * @throws when the body is no JSON or not what its kind demands
 */
export function parseRecord(row: { readonly kind: string; readonly body: string }): RegistryRecord {
	const body: unknown = JSON.parse(row.body);
	return registryRecord.parse({ ...(typeof body === "object" ? body : undefined), kind: row.kind });
}

/** The record as an outbox row holds it. */
export function formatRecord({ kind, ...body }: RegistryRecord): { readonly kind: RecordKind; readonly body: string } {
	return { kind, body: JSON.stringify(body) };
}
