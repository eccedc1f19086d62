import { randomBytes } from "node:crypto";
import { constants, type FileHandle, link, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { MASTER_KEY_SIZE, MasterKey } from "./master-key.ts";
import { MasterKeyError } from "./master-key-error.ts";

/** Settings of {@link openMasterKey}. */
export interface OpenMasterKeyOpts {
	/** Make the file when it is absent, as standalone mode does. @defaultValue false */
	readonly create?: boolean;
	/** What it is, for messages: other keys are kept in the same way. @defaultValue master key */
	readonly called?: string;
}

/** What others may not do with the file. The group may read it: so Kubernetes mounts a Secret for a pod's fsGroup. */
const FORBIDDEN_MODE = 0o037;

/**
 * Opens the master key in a file of exactly 32 random bytes. A file that is made has mode 0600, and is on disk before
 * this resolves. Several processes may do so at once: all get the same key.
 *
 * @throws MasterKeyError ABSENT, UNREADABLE, PERMISSIONS, WRONG_SIZE
 */
export const openMasterKey = async (path: string, opts: OpenMasterKeyOpts = {}): Promise<MasterKey> => {
	const named = { path, called: opts.called ?? "master key" };
	try {
		const key = await readKey(named);
		if (key !== undefined) return new MasterKey(key);
		if (!opts.create) throw new MasterKeyError("ABSENT", `there is no ${named.called} at ${path}`);
		await createKey(path);
		const made = await readKey(named);
		if (made === undefined) throw new MasterKeyError("ABSENT", `the ${named.called} at ${path} was removed`);
		return new MasterKey(made);
	} catch (cause) {
		throw cause instanceof MasterKeyError ? cause : unreadable(named, cause);
	}
};

/** Where a key is, and what it is called. */
interface NamedKey {
	readonly path: string;
	readonly called: string;
}

const readKey = async ({ path, called }: NamedKey): Promise<Uint8Array | undefined> => {
	await using file = await openIfPresent(path);
	if (file === undefined) return undefined;
	const { mode, size } = await file.stat();
	if ((mode & FORBIDDEN_MODE) !== 0) {
		const shown = (mode & 0o777).toString(8).padStart(4, "0");
		throw new MasterKeyError("PERMISSIONS", `the ${called} at ${path} has mode ${shown}; make it 0600`);
	}
	if (size !== MASTER_KEY_SIZE) {
		const expected = `expected ${MASTER_KEY_SIZE} random ones`;
		throw new MasterKeyError("WRONG_SIZE", `the ${called} at ${path} is ${size} bytes, ${expected}`);
	}
	return file.readFile();
};

const openIfPresent = async (path: string): Promise<FileHandle | undefined> => {
	try {
		return await open(path, "r");
	} catch (error) {
		if (codeOf(error) === "ENOENT") return undefined;
		throw error;
	}
};

/** The whole key appears under its name at once: a reader never sees half of it, and the first of several wins. */
const createKey = async (path: string): Promise<void> => {
	const temporary = `${path}.${randomBytes(8).toString("hex")}.tmp`;
	try {
		await using file = await open(temporary, "wx", 0o600);
		await file.writeFile(randomBytes(MASTER_KEY_SIZE));
		await file.sync();
		await link(temporary, path).catch((error: unknown) => {
			if (codeOf(error) !== "EEXIST") throw error;
		});
	} finally {
		await unlink(temporary).catch(() => undefined);
	}
	await using directory = await open(dirname(path), constants.O_RDONLY);
	await directory.sync();
};

const unreadable = ({ path, called }: NamedKey, cause: unknown): MasterKeyError =>
	new MasterKeyError("UNREADABLE", `the ${called} at ${path} cannot be used: ${codeOf(cause)}`, { cause });

const codeOf = (error: unknown): string =>
	error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown failure";
