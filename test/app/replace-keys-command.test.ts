import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { startLimani } from "../support/limani-process.ts";

const run = promisify(execFile);

describe("limani replace-keys", () => {
	it("lets a registry start again whose master key was lost, and tells of it before", async () => {
		await using folder = await mkdtempDisposable(join(tmpdir(), "limani-keys-"));
		const dataDir = folder.path;
		await using first = await startLimani({ dataDir });
		await first.stop();
		writeFileSync(join(dataDir, "master.key"), randomBytes(32));
		await assert.rejects(startLimani({ dataDir }), /sealed by another master key.*limani replace-keys/);
		const config = join(dataDir, "config.yaml");
		const { stdout } = await run(process.execPath, ["src/main.ts", "replace-keys", "--config", config]);
		assert.match(stdout, /signing keys were replaced/);
		await using again = await startLimani({ dataDir });
		const response = await fetch(`${again.url}/token?service=limani`);
		assert.equal(response.status, 200);
	});
});
