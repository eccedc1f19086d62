import type { Step } from "#/metadata/sql/engine/statement.ts";
import type { Upload } from "#/metadata/uploads.ts";
import { findUpload as findUploadRow } from "./upload-rows.ts";

/** The upload, if it is one of this repository: see `Uploads.find`. */
export function* findUpload({
	repository,
	id,
}: {
	readonly repository: string;
	readonly id: string;
}): Step<Upload | undefined> {
	const row = yield* findUploadRow(id);
	return row?.upload.repository === repository ? row.upload : undefined;
}
