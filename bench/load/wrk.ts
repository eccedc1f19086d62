import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

/** What to ask for, again and again. */
export interface WrkJob {
	readonly program: string;
	readonly port: number;
	readonly authorization: string | undefined;
	readonly paths: readonly string[];
	readonly seconds: number;
	/** @defaultValue 32 */
	readonly connections?: number;
	/** Whether answers that fail, or none at all, are counted and no failure. @defaultValue false */
	readonly mayFail?: boolean;
}

const resultSchema = z.object({
	requests: z.number(),
	seconds: z.number(),
	/** Milliseconds, as p99. */
	p50: z.number(),
	p99: z.number(),
	failed: z.number(),
});

/** What wrk measured. */
export type WrkResult = z.output<typeof resultSchema>;

/** Runs wrk. @throws when an answer was neither 2xx nor 3xx and may not be, or none came */
export const runWrk = async (job: WrkJob): Promise<WrkResult> => {
	const { program, port, authorization, paths, seconds, connections = 32, mayFail = false } = job;
	const folder = mkdtempSync(join(tmpdir(), "limani-wrk-"));
	try {
		const file = join(folder, "paths");
		writeFileSync(file, paths.map((path) => `${path}\n`).join(""));
		const script = new URL("./wrk.lua", import.meta.url).pathname;
		const environment = { BENCH_PATHS: file, BENCH_AUTHORIZATION: authorization ?? "none" };
		const { stdout } = await promisify(execFile)(
			program,
			["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "30s", "-s", script, `http://127.0.0.1:${port}/`],
			{ env: { ...process.env, ...environment } },
		);
		const result = resultSchema.parse(JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? "null"));
		if (!mayFail && (result.failed > 0 || result.requests === 0)) throw new Error(`${paths[0]}: ${stdout}`);
		return result;
	} finally {
		rmSync(folder, { recursive: true });
	}
};
