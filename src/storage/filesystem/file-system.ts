/**
 * What the driver asks of a file system. It exists so that a test can put a file system underneath that forgets
 * whatever was not fsynced, as a power cut does. Failures carry the operating system's code (`ENOENT`) as `code`.
 */

/** What a file system knows of a path. */
export interface FileStat {
	readonly kind: "file" | "directory" | "other";
	/** Bytes. */
	readonly size: number;
	/** Milliseconds since the epoch. */
	readonly modifiedAt: number;
}

/** An open file. All access is positioned. */
export interface OpenFile {
	/**
	 * The process's descriptor, by which another thread may write too. Absent where the file is not the operating
	 * system's: then every access goes through this interface.
	 */
	readonly descriptor?: number;
	/** Fills as much of `target` as the file has from `position`; less than its length only at the end of the file. */
	read(target: Uint8Array, position: number): Promise<number>;
	/** Writes all of `pieces`, one behind the other, from `position`. */
	write(pieces: readonly Uint8Array[], position: number): Promise<void>;
	truncate(size: number): Promise<void>;
	/** Makes the contents and the size durable; not the name. */
	fsync(): Promise<void>;
	stat(): Promise<FileStat>;
	close(): Promise<void>;
}

/** `read` needs the file, `update` too and allows writing, `create` makes it and refuses one that is there (EEXIST). */
export type OpenMode = "read" | "update" | "create";

/** The effects and questions of the driver. */
export interface FileSystem {
	open(path: string, mode: OpenMode): Promise<OpenFile>;
	/** Does not follow a symbolic link in the last place. */
	stat(path: string): Promise<FileStat>;
	readDirectory(path: string): Promise<readonly { readonly name: string; readonly kind: FileStat["kind"] }[]>;
	/** Makes one directory; its parent must be there. Fails with EEXIST. */
	makeDirectory(path: string): Promise<void>;
	/** Moves a file, replacing what is at `to`. */
	rename(from: string, to: string): Promise<void>;
	unlink(path: string): Promise<void>;
	/** Makes the entries of a directory durable: what was made, renamed and unlinked in it. */
	fsyncDirectory(path: string): Promise<void>;
	/** Fails when files cannot be made in the directory: EROFS, EACCES. */
	checkWritable(path: string): Promise<void>;
}
