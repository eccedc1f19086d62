import type { Refused } from "#/metadata/refusal.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { intOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { insertIntent } from "#/metadata/sql/objects/object-rows.ts";
import {
	abandonRepository,
	type EnsuredRepository,
	ensureRepository,
	findRepository,
	holdRepository,
	keepRepository,
} from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage } from "#/metadata/sql/usage/add-usage.ts";
import { addedBytes, guardQuota } from "#/metadata/sql/usage/quota-guard.ts";
import type { Upload } from "#/metadata/uploads.ts";
import type { Algorithm, Digest } from "#/oci/digest.ts";

/** So many uploads may be open in one project, if the caller does not say. */
const DEFAULT_MAX_OPEN = 1000;

/** How long the creator of an upload has it before it must extend its lease, if it does not say, milliseconds. */
const CREATOR_LEASE_MS = 60_000;

/** What {@link createUpload} takes. */
export interface CreateUploadInput {
	readonly id: string;
	readonly repository: string;
	readonly key: string;
	readonly algorithm: Algorithm;
	readonly actor: string;
	readonly holder: string;
	readonly hold: boolean;
	readonly leaseMs?: number | undefined;
	readonly maxOpen?: number | undefined;
	readonly announced?: { readonly digest: Digest; readonly size: number } | undefined;
}

/** Opens an upload and writes the intent for its bytes: see `Uploads.create`. */
export function* createUpload(
	input: CreateUploadInput,
	context: StepContext,
): Step<{ readonly upload: Upload; readonly repository: RepositoryFacts } | Refused> {
	const ensured = yield* openRepository(input.repository, context);
	if ("refused" in ensured) return ensured;
	const { repository } = ensured;
	const limit = input.maxOpen ?? DEFAULT_MAX_OPEN;
	if ((yield* countOpen(repository.projectId, limit)) >= limit) {
		yield* abandonRepository(ensured);
		return { refused: { reason: "too-many-uploads", limit } };
	}
	const announced = input.announced === undefined ? 0 : yield* addedBytes(repository, input.announced);
	const refused = yield* guardQuota(repository, announced, context);
	if (refused !== undefined) {
		yield* abandonRepository(ensured);
		return { refused };
	}
	const repositories = yield* keepRepository(ensured, input.actor, context);
	const { id, key, algorithm, holder } = input;
	const { store } = repository;
	yield* insertIntent({ store, key, purpose: "blob", holder, uploadId: id }, context);
	const epoch = input.hold ? 1 : 0;
	yield* all(
		`INSERT INTO uploads (id, repository_id, project_id, store, key, algorithm, bytes, state, epoch, holder, lease_until,
			created_by, touched_at, announced) VALUES (?, ?, ?, ?, ?, ?, 0, NULL, ?, ?, ?, ?, ?, ?)`,
		id,
		repository.id,
		repository.projectId,
		store,
		key,
		algorithm,
		epoch,
		input.hold ? holder : null,
		input.hold ? context.now + (input.leaseMs ?? CREATOR_LEASE_MS) : 0,
		input.actor,
		context.now,
		announced,
	);
	yield* addUsage(repository, { repositories });
	const upload = { id, repository: repository.name, store, key, offset: 0, algorithm, state: undefined, epoch };
	return { upload, repository };
}

/**
 * A repository that exists is not locked: uploads into one and the same need not wait for each other. One that was never
 * published is held, for it goes with its last upload.
 */
function* openRepository(name: string, context: StepContext): Step<EnsuredRepository | Refused> {
	const repository = yield* findRepository(name);
	if (repository === undefined) return yield* ensureRepository(name, context);
	const stays = repository.published || (yield* holdRepository(repository.id, context));
	return stays ? { repository, created: false } : yield* ensureRepository(name, context);
}

/** Open uploads of the project, counted up to `limit`. Creations under way are not seen, so a few more can slip in. */
function* countOpen(projectId: number, limit: number): Step<number> {
	const row = yield* first(
		"SELECT COUNT(*) AS open FROM (SELECT id FROM uploads WHERE project_id = ? LIMIT ?) AS counted",
		projectId,
		limit,
	);
	return row === undefined ? 0 : intOf(row, "open");
}
