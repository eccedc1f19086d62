import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRequired } from "./parts.ts";

/** A file system with little room, which goes with the test. */
export interface SmallDisk {
	readonly directory: string;
	/** Bytes that are left. */
	free(): number;
}

/** For whom it is mounted: a test, or more. */
interface Mounting {
	skip(why: string): void;
	after(unmount: () => void): void;
}

/**
 * Mounts one in memory; where that is not allowed, the test is skipped, with the reason, and undefined comes back; under
 * `LIMANI_REQUIRE=1` it fails.
 */
export const mountSmallDisk = (test: Mounting, mib: number): SmallDisk | undefined => {
	const directory = mkdtempSync(join(tmpdir(), "limani-disk-"));
	try {
		run("mount", "-t", "tmpfs", "-o", `size=${mib}m`, "tmpfs", directory);
	} catch (error) {
		rmSync(directory, { recursive: true });
		const why = `a small disk cannot be mounted here: ${error instanceof Error ? error.message.trim() : "?"}`;
		if (isRequired()) throw new Error(why, { cause: error });
		test.skip(why);
		return undefined;
	}
	test.after(() => {
		run("umount", "-l", directory);
		rmSync(directory, { recursive: true });
	});
	return {
		directory,
		free: () => {
			const { bavail, bsize } = statfsSync(directory);
			return bavail * bsize;
		},
	};
};

/** Fills a disk to the last byte. @returns makes room again */
export const fill = ({ directory, free }: SmallDisk): (() => void) => {
	const files: string[] = [];
	// What is left after one file is less than a page, or the size was not what a file takes.
	for (let size = free(); size >= 512; size = Math.floor(size / 2)) {
		const file = join(directory, `filler-${size}`);
		files.push(file);
		writeAsMuch(file, size);
	}
	return () => {
		for (const file of files) rmSync(file, { force: true });
	};
};

const writeAsMuch = (file: string, size: number): void => {
	try {
		writeFileSync(file, Buffer.alloc(size));
	} catch (error) {
		if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
	}
};

const run = (program: string, ...args: readonly string[]): void => {
	execFileSync(program, args, { stdio: "pipe" });
};
