import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A file system with little room, which goes with the test. */
export interface SmallDisk {
	readonly directory: string;
	/** Bytes that are left. */
	free(): number;
}

/** Mounts one in memory; where that is not allowed, the test is skipped, with the reason, and undefined comes back. */
export const mountSmallDisk = (test: TestContext, mib: number): SmallDisk | undefined => {
	const directory = mkdtempSync(join(tmpdir(), "limani-disk-"));
	try {
		run("mount", "-t", "tmpfs", "-o", `size=${mib}m`, "tmpfs", directory);
	} catch (error) {
		rmSync(directory, { recursive: true });
		test.skip(`a small disk cannot be mounted here: ${error instanceof Error ? error.message.trim() : "?"}`);
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

const run = (program: string, ...args: readonly string[]): void => {
	execFileSync(program, args, { stdio: "pipe" });
};
