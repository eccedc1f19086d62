import { intOf, isRecord, jsonOf, maybeText, textOf, wordOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Row, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { visible } from "#/metadata/sql/repositories/repository-rows.ts";
import type { Upload } from "#/metadata/uploads.ts";

const COLUMNS =
	"u.id, r.name AS repository, u.store, u.key, u.bytes, u.algorithm, u.state, u.epoch, u.holder, u.lease_until, u.repository_id";

const FIND = `SELECT ${COLUMNS} FROM uploads u
	JOIN repositories r ON r.id = u.repository_id JOIN projects p ON p.id = r.project_id
	WHERE u.id = ? AND ${visible}`;

/** An upload with what its row keeps for the commands. */
export interface UploadRow {
	readonly upload: Upload;
	readonly repositoryId: number;
	/** Who has the lease, or had it last; undefined before the first. */
	readonly holder: string | undefined;
	/** Milliseconds since the epoch; 0 while nobody holds it. A lease that ran out is still held until another takes it. */
	readonly leaseUntil: number;
}

/** The upload, not locked. Undefined when it is not there, or its repository or project is deleted. */
export function* findUpload(id: string): Step<UploadRow | undefined> {
	const row = yield* first(FIND, id);
	return row && toUploadRow(row);
}

/** The upload, locked until the end of the command. */
export function* lockUpload(id: string, context: StepContext): Step<UploadRow | undefined> {
	if (context.dialect.forUpdate !== "") {
		yield* all(`SELECT id FROM uploads WHERE id = ?${context.dialect.forUpdate}`, id);
	}
	return yield* findUpload(id);
}

/** The upload if `epoch` is its last hand-over's and it was not given back, locked; undefined when it was lost. */
export function* lockHeldUpload(id: string, epoch: number, context: StepContext): Step<UploadRow | undefined> {
	const row = yield* lockUpload(id, context);
	return row !== undefined && row.upload.epoch === epoch && row.leaseUntil > 0 ? row : undefined;
}

/** The driver's state that a row keeps as JSON. */
export function writerStateOf(row: Row, column: string): Upload["state"] {
	const state = jsonOf(row, column);
	return isRecord(state) ? state : undefined;
}

function toUploadRow(row: Row): UploadRow {
	return {
		upload: {
			id: textOf(row, "id"),
			repository: textOf(row, "repository"),
			store: textOf(row, "store"),
			key: textOf(row, "key"),
			offset: intOf(row, "bytes"),
			algorithm: wordOf(row, "algorithm", ["sha256", "sha512"]),
			state: writerStateOf(row, "state"),
			epoch: intOf(row, "epoch"),
		},
		repositoryId: intOf(row, "repository_id"),
		holder: maybeText(row, "holder"),
		leaseUntil: intOf(row, "lease_until"),
	};
}
