import { dirname } from "node:path";
import { unless } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";

/** How many directories are remembered; beyond, all are forgotten, which costs time only. */
const MAX_REMEMBERED = 16_384;

/**
 * The directories below a store's root. They are made when first needed and never removed by us, so what this process
 * once made durable stays durable, also where other processes work on the same root.
 */
export class DurableDirectories {
	readonly #fileSystem: FileSystem;
	readonly #bases: ReadonlySet<string>;
	readonly #made = new Set<string>();
	readonly #durable = new Set<string>();

	/** @param bases directories that are there already, and durable */
	constructor(fileSystem: FileSystem, bases: readonly string[]) {
		this.#fileSystem = fileSystem;
		this.#bases = new Set(bases);
	}

	/** Makes sure that `path`, which is a base or below one, is there. */
	async make(path: string): Promise<void> {
		if (this.#bases.has(path) || this.#made.has(path)) return;
		await this.make(dirname(path));
		await unless(["EEXIST"], () => this.#fileSystem.makeDirectory(path));
		remember(this.#made, path);
	}

	/** Makes the names of `path` and of all directories above it durable, up to the base. */
	async persist(path: string): Promise<void> {
		if (this.#bases.has(path) || this.#durable.has(path)) return;
		// A directory that was there already may be another process's, made a moment ago and not durable yet.
		await Promise.all([this.persist(dirname(path)), this.#fileSystem.fsyncDirectory(dirname(path))]);
		remember(this.#durable, path);
	}

	/**
	 * Runs `action` with the directory `path` in place. Once more when it was gone after all: an operator may have
	 * cleared empty directories away under us.
	 */
	async within<T>(path: string, action: () => Promise<T>): Promise<T> {
		await this.make(path);
		const done = await unless(["ENOENT"], async () => ({ value: await action() }));
		if (done !== undefined) return done.value;
		this.#made.clear();
		this.#durable.clear();
		await this.make(path);
		return await action();
	}
}

const remember = (paths: Set<string>, path: string): void => {
	if (paths.size >= MAX_REMEMBERED) paths.clear();
	paths.add(path);
};
