import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { promisify } from "node:util";
import { freePort } from "./free-ports.ts";
import { skipWithout } from "./parts.ts";

const run = promisify(execFile);
const scripts = join(import.meta.dirname, "..", "..", ".ci", "parts");

/** An emulator of a cloud's object store, of a test file's own, on loopback. */
export interface PrivateEmulator {
	/** The `skip` option of tests with it. */
	readonly skip: string | false;
	/** What its start script prints: an endpoint, or a connection string. The first call starts it. */
	address(): Promise<string>;
}

/**
 * To be called once at the top of a test file: the emulator is stopped after the file's last test.
 *
 * @param part the program, as `findPart` knows it
 * @param script the start and stop scripts without `-up` and `-down`
 * @param more arguments of the start script behind folder and port
 * @param prepare run once, when the emulator answers
 */
export function privateEmulator(
	part: string,
	script: string,
	more: readonly string[],
	prepare: (address: string) => Promise<void>,
): PrivateEmulator {
	let folder: string | undefined;
	let running: Promise<string> | undefined;
	const start = async (): Promise<string> => {
		folder = mkdtempSync(join(tmpdir(), `limani-${script}-`));
		const { stdout } = await run(join(scripts, `${script}-up`), [folder, String(await freePort()), ...more]);
		await prepare(stdout.trim());
		return stdout.trim();
	};
	after(async () => {
		await running?.catch(() => undefined);
		if (folder === undefined) return;
		execFileSync(join(scripts, `${script}-down`), [folder], { stdio: "ignore" });
		rmSync(folder, { recursive: true, force: true });
	});
	return {
		skip: skipWithout(part),
		address: () => {
			running ??= start();
			return running;
		},
	};
}
