import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A new directory that goes when the test has passed; after a failure it stays, to be looked at. */
export const temporaryDirectory = (test: TestContext): string => {
	const directory = mkdtempSync(join(tmpdir(), "limani-"));
	test.after(() => {
		if (test.passed) rmSync(directory, { recursive: true, force: true });
		else test.diagnostic(`left behind: ${directory}`);
	});
	return directory;
};
