import { basename, dirname } from "node:path";
import { StoreError } from "#/storage/store-error.ts";
import { unless } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import type { Layout } from "./layout.ts";
import { readText, writeAside } from "./small-file.ts";

const HEADER = "limani-store 1";
const MAX_MARKER_BYTES = 1024;

/** What may lie in a root that is not a store's yet: a file system's own, and what an interrupted start left. */
const HARMLESS = /^(?:lost\+found|limani-store\..+)$/;

/** How {@link claimRoot} treats a root. */
export interface ClaimOpts {
	/** The store that must be here. */
	readonly id: string;
	/** Whether an empty root may become this store. Without it an empty root is taken for a volume that is not mounted. */
	readonly create: boolean;
	/** Distinguishes processes that start at once. */
	readonly nonce: string;
}

/**
 * Makes sure that `layout.root` is the root of store `id`: by the marker in it, or by writing the marker into an
 * empty root. The marker is durable afterwards.
 *
 * @throws StoreError UNAVAILABLE when the root is another store's, something else's, or not mounted
 */
export const claimRoot = async (fileSystem: FileSystem, layout: Layout, opts: ClaimOpts): Promise<void> => {
	if (await isClaimed(fileSystem, layout, opts.id)) return;
	if (!opts.create) {
		throw refusal(layout, `has no limani-store marker, though store ${opts.id} has objects: is its volume mounted?`);
	}
	const stranger = await findStranger(fileSystem, layout);
	if (stranger !== undefined) {
		// Another process may have claimed the root since we looked; it writes the marker first of all.
		if (await isClaimed(fileSystem, layout, opts.id)) return;
		throw refusal(layout, `has no limani-store marker and is not empty (${stranger}): it is not a store of ours`);
	}
	await writeMarker(fileSystem, layout, opts);
};

const refusal = (layout: Layout, why: string): StoreError => new StoreError("UNAVAILABLE", `${layout.root} ${why}`);

const formatMarker = (id: string): string => `${HEADER}\n${id}\n`;

/** False without a marker. */
const isClaimed = async (fileSystem: FileSystem, layout: Layout, id: string): Promise<boolean> => {
	const found = await readMarker(fileSystem, layout.marker);
	if (found === undefined) return false;
	if (found === formatMarker(id)) return true;
	const [header, foundId] = found.split("\n");
	if (header !== HEADER) throw refusal(layout, "has a limani-store marker of another version");
	throw refusal(layout, `belongs to store ${JSON.stringify(foundId)}, not to ${JSON.stringify(id)}`);
};

const readMarker = (fileSystem: FileSystem, path: string): Promise<string | undefined> =>
	unless(["ENOENT"], () => readText(fileSystem, path, MAX_MARKER_BYTES));

/** The name of something that does not belong into a root about to become a store's. */
const findStranger = async (fileSystem: FileSystem, layout: Layout): Promise<string | undefined> => {
	const entries = await fileSystem.readDirectory(layout.root);
	return entries.find((entry) => !HARMLESS.test(entry.name))?.name;
};

const writeMarker = (fileSystem: FileSystem, layout: Layout, opts: ClaimOpts): Promise<void> => {
	const name = basename(layout.marker);
	const text = formatMarker(opts.id);
	return writeAside(fileSystem, { directory: layout.root, name, aside: `${name}.${opts.nonce}`, text });
};

/** Makes the root directory, and those above it where they are missing, durably. */
export const makeRoot = async (fileSystem: FileSystem, root: string): Promise<void> => {
	const parent = dirname(root);
	if (parent === root) return;
	if ((await unless(["ENOENT"], () => fileSystem.stat(root))) !== undefined) {
		// Perhaps made a moment ago by a process that was killed before its fsync. A parent that is not ours to open
		// is no matter: then it is not we who made the entry.
		await unless(["EACCES", "EPERM", "EINVAL"], () => fileSystem.fsyncDirectory(parent));
		return;
	}
	await makeRoot(fileSystem, parent);
	await unless(["EEXIST"], () => fileSystem.makeDirectory(root));
	await fileSystem.fsyncDirectory(parent);
};
