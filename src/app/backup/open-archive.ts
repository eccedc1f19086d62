import type winston from "winston";
import type { Config } from "#/app/config/schema.ts";
import { reportTo } from "#/app/logger.ts";
import { PatientStore } from "#/app/patient-store.ts";
import { createStoreOpener } from "#/app/stores.ts";
import { openMasterKey } from "#/auth/open-master-key.ts";
import { Archive } from "#/features/backup/archive.ts";
import type { BlobStore } from "#/storage/blob-store.ts";

/** Where an archive is and what seals it, as the configuration says. */
export type ArchiveSettings = Pick<NonNullable<Config["backup"]>, "archive" | "keyFile">;

/** An archive that is open. Disposing it closes it. */
export interface OpenedArchive extends AsyncDisposable {
	readonly archive: Archive;
}

/** What {@link openArchive} works with. */
export interface OpenArchiveDeps {
	readonly config: Config;
	readonly newId: () => string;
	/** Given by who goes on when the place does not answer, and tries again later. */
	readonly logger?: winston.Logger;
}

/** The name that the marker of an archive's directory has. */
const NAME = "archive";

/**
 * Opens an archive.
 *
 * @param create whether it is written to, and an empty place becomes one; else it may lie on a volume that is read-only
 * @throws StoreError, MasterKeyError
 */
export const openArchive = async (
	{ config, newId, logger }: OpenArchiveDeps,
	{ archive: settings, keyFile }: ArchiveSettings,
	create: boolean,
): Promise<OpenedArchive> => {
	await using opening = new AsyncDisposableStack();
	const sealer = keyFile === undefined ? undefined : await openMasterKey(keyFile, { called: "key of the archive" });
	const opener = opening.use(createStoreOpener(config, newId));
	const open = (): Promise<BlobStore> =>
		create ? opener.open(NAME, settings, true) : opener.openToRead(NAME, settings);
	const store = opening.use(logger === undefined ? await open() : patiently(open, logger));
	const resources = opening.move();
	return { archive: new Archive({ store, sealer }), [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

const patiently = (open: () => Promise<BlobStore>, logger: winston.Logger): BlobStore =>
	new PatientStore({
		name: NAME,
		open,
		claim: async () => undefined,
		changed: (_, error) => {
			const event = error === undefined ? "archive.available" : "archive.unavailable";
			reportTo(logger)({ event, level: error === undefined ? "info" : "warn", error });
		},
	});
