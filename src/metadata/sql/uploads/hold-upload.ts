import type { Refusal, Refused } from "#/metadata/refusal.ts";
import { intOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { guardQuota } from "#/metadata/sql/usage/quota-guard.ts";
import type { UploadLease } from "#/metadata/uploads.ts";
import { lockUpload } from "./upload-rows.ts";

/** What {@link acquireUpload} takes. */
export interface AcquireInput {
	readonly repository: string;
	readonly id: string;
	readonly holder: string;
	readonly expectedOffset: number | undefined;
	readonly leaseMs: number;
}

/** Takes an upload's lease: see `Uploads.acquire`. */
export function* acquireUpload(input: AcquireInput, context: StepContext): Step<UploadLease | Refused> {
	const row = yield* lockUpload(input.id, context);
	if (row === undefined || row.upload.repository !== input.repository) {
		return { refused: { reason: "upload-unknown", id: input.id } };
	}
	const { upload } = row;
	const { offset } = upload;
	const sameHolder = row.holder === input.holder;
	if (!sameHolder && row.leaseUntil > context.now) return { refused: { reason: "upload-busy", offset } };
	if (input.expectedOffset !== undefined && input.expectedOffset !== offset) {
		return { refused: { reason: "upload-offset", offset } };
	}
	yield* all(
		"UPDATE uploads SET epoch = epoch + 1, holder = ?, lease_until = ?, touched_at = ?, announced = 0 WHERE id = ?",
		input.holder,
		context.now + input.leaseMs,
		context.now,
		input.id,
	);
	const abandoned = !sameHolder && row.leaseUntil > 0;
	return { ...upload, epoch: upload.epoch + 1, sameHolder, abandoned };
}

/** What {@link extendUpload} takes. */
export interface ExtendInput {
	readonly id: string;
	readonly epoch: number;
	readonly leaseMs: number;
	readonly reached?: number | undefined;
}

/** Goes on holding an upload: see `Uploads.extend`. */
export function* extendUpload(
	{ id, epoch, leaseMs, reached = 0 }: ExtendInput,
	context: StepContext,
): Step<boolean | Refused> {
	const refused = yield* guardProgress({ id, epoch, offset: reached }, context);
	if (refused !== undefined) return { refused };
	const row = yield* first(
		`UPDATE uploads SET lease_until = ?, touched_at = ?, announced = CASE WHEN announced < ? THEN ? ELSE announced END
		WHERE id = ? AND epoch = ? AND lease_until > 0 RETURNING id`,
		context.now + leaseMs,
		context.now,
		reached,
		reached,
		id,
		epoch,
	);
	return row !== undefined;
}

/** What {@link releaseUpload} takes. */
export interface ReleaseInput {
	readonly id: string;
	readonly epoch: number;
	readonly offset: number;
	readonly state: { readonly [field: string]: unknown } | undefined;
}

/** Acknowledges bytes and gives the lease back: see `Uploads.release`. */
export function* releaseUpload(progress: ReleaseInput, context: StepContext): Step<boolean | Refused> {
	const refused = yield* guardProgress(progress, context);
	if (refused !== undefined) return { refused };
	const row = yield* first(
		`UPDATE uploads SET bytes = ?, state = ?, lease_until = 0, touched_at = ?, announced = 0
		WHERE id = ? AND epoch = ? AND lease_until > 0 RETURNING id`,
		progress.offset,
		progress.state === undefined ? null : JSON.stringify(progress.state),
		context.now,
		progress.id,
		progress.epoch,
	);
	return row !== undefined;
}

/** Why the project's quota has no room for what came. What was reserved before is never refused. */
function* guardProgress(
	{ id, epoch, offset }: Pick<ReleaseInput, "id" | "epoch" | "offset">,
	context: StepContext,
): Step<Refusal | undefined> {
	const limited = yield* first(
		`SELECT p.id AS project_id, p.quota_bytes FROM uploads u JOIN projects p ON p.id = u.project_id
		WHERE u.id = ? AND p.quota_bytes IS NOT NULL`,
		id,
	);
	if (limited === undefined) return undefined;
	const row = yield* first(
		`SELECT bytes, announced FROM uploads WHERE id = ? AND epoch = ? AND lease_until > 0${context.dialect.forUpdate}`,
		id,
		epoch,
	);
	if (row === undefined || offset <= Math.max(intOf(row, "bytes"), intOf(row, "announced"))) return undefined;
	const project = { projectId: intOf(limited, "project_id"), quotaBytes: intOf(limited, "quota_bytes") };
	return yield* guardQuota(project, offset, context, id);
}
