import { z } from "zod";
import type { Archive } from "./archive.ts";
import { IDENTITY_PREFIX } from "./archive-keys.ts";
import { BackupError, backupError } from "./backup-error.ts";

const identity = z.object({
	format: z.literal("limani-archive/1"),
	/** The registry whose archive it is. */
	registry: z.string(),
	/** Opens with the archive's key alone; absent: the archive is not sealed. */
	seal: z.base64().optional(),
});

/**
 * Checks that an archive can be read with the key that it was given. Absent: there is nothing in it.
 *
 * @param own the registry whose it has to be, which is told before anything of keys; absent: any one's
 * @throws BackupError OTHER, SEALED, CORRUPT; StoreError
 */
export const readIdentity = async (
	archive: Archive,
	signal: AbortSignal,
	own?: string,
): Promise<string | undefined> => {
	const [key, other] = await archive.keys(IDENTITY_PREFIX, signal);
	if (key === undefined) return undefined;
	if (other !== undefined) throw new BackupError("OTHER", `two registries wrote into the archive: ${key}, ${other}`);
	const { registry, seal } = parse(key, await archive.readPlain(key, signal));
	if (own !== undefined && registry !== own) {
		throw new BackupError("OTHER", "the archive is another registry's: give each registry a place of its own");
	}
	if (seal === undefined && archive.isSealed)
		throw new BackupError("SEALED", "the archive is not sealed, yet a key is given: leave the key out");
	if (seal === undefined) return registry;
	if (archive.sealer === undefined)
		throw new BackupError("SEALED", "the archive is sealed, and no key is given: give the one it was sealed with");
	try {
		archive.sealer.open(Buffer.from(seal, "base64"), purposeOf(registry));
	} catch (cause) {
		throw backupError("SEALED", "the archive was sealed with another key than the one given: give that one", cause);
	}
	return registry;
};

/** Whether an archive is this registry's; false: it is nobody's yet. @throws BackupError OTHER, SEALED, CORRUPT; StoreError */
export const isOwnArchive = async (archive: Archive, registry: string, signal: AbortSignal): Promise<boolean> => {
	return (await readIdentity(archive, signal, registry)) !== undefined;
};

/** Makes an empty archive this registry's. @throws BackupError OTHER, SEALED, CORRUPT; StoreError */
export const claimArchive = async (archive: Archive, registry: string, signal: AbortSignal): Promise<void> => {
	if (await isOwnArchive(archive, registry, signal)) return;
	const purpose = purposeOf(registry);
	const seal = archive.sealer && Buffer.from(archive.sealer.seal(Buffer.from(purpose), purpose)).toString("base64");
	const document = { format: "limani-archive/1", registry, ...(seal === undefined ? {} : { seal }) };
	await archive.writePlain(`${IDENTITY_PREFIX}${registry}`, Buffer.from(JSON.stringify(document)), signal);
	// Another one may have begun at the same moment.
	await readIdentity(archive, signal);
};

const purposeOf = (registry: string): string => `archive-identity:${registry}`;

const parse = (key: string, bytes: Buffer): z.output<typeof identity> => {
	try {
		return identity.parse(JSON.parse(bytes.toString("utf8")));
	} catch (cause) {
		throw backupError("CORRUPT", `${key} in the archive was changed, or is cut short`, cause);
	}
};
