import type { FinishedBackup } from "./index.ts";
import { toIso } from "./plan-recovery.ts";

/** A backup in a few figures and words, as `Control.run` answers. */
export const summarize = ({
	manifest: { id, at, stores, copied, verified },
	retained,
}: FinishedBackup): { readonly [figure: string]: number | string | boolean } => ({
	id,
	at: toIso(at),
	blobs: stores.reduce((sum, store) => sum + store.blobs, 0),
	bytes: stores.reduce((sum, store) => sum + store.bytes, 0),
	copied: copied.blobs,
	copiedBytes: copied.bytes,
	verified,
	removedBackups: retained?.backups ?? 0,
});
