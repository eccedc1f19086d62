import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { retentionPolicySpec } from "#/api/retention-policy-spec.ts";
import { Retention } from "#/features/retention/index.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { openSqlite } from "#/metadata/sqlite/index.ts";
import { fillTags } from "./fill-tags.ts";

/** What a run of a retention policy took. */
export interface RetentionResult {
	readonly name: string;
	readonly repositories: number;
	readonly tags: number;
	readonly looked: number;
	/** That went, or would go. */
	readonly removed: number;
	readonly seconds: number;
	/** How much memory the process held beyond what it had before, at most, MiB. */
	readonly growthMiB: number;
}

const RULES = {
	"a plan that keeps the last 10 of each repository": { dryRun: true, keep: { latestPushed: 10 } },
	"a run that has nothing to do": { dryRun: false, keep: { always: true } },
} as const;

/** Plans and runs retention over so many tags, in repositories of so many each. */
export const measureRetention = async (repositories: number, tags: number): Promise<readonly RetentionResult[]> => {
	const directory = mkdtempSync(join(tmpdir(), "limani-lifecycle-"));
	const open = async () => new SqlMetadata(await openSqlite({ directory }, { warn: () => undefined }));
	try {
		await makeProject(open);
		fillTags({ directory, project: "team", repositories, tags });
		await using metadata = await open();
		const results: RetentionResult[] = [];
		for (const [name, rule] of Object.entries(RULES)) {
			results.push({ name, repositories, tags: repositories * tags, ...(await measure(metadata, rule)) });
		}
		return results;
	} finally {
		rmSync(directory, { recursive: true, force: true });
	}
};

const makeProject = async (open: () => Promise<SqlMetadata>): Promise<void> => {
	await using metadata = await open();
	const { epoch, base } = await metadata.controlState.begin("bench");
	const project = { kind: "Project", uid: "uid-team", generation: 1, spec: { name: "team" } } as const;
	await metadata.controlState.apply({ epoch, base, upserts: [project], deletes: [] });
};

const measure = async (
	{ artifacts }: SqlMetadata,
	{ dryRun, keep }: { readonly dryRun: boolean; readonly keep: object },
): Promise<Pick<RetentionResult, "looked" | "removed" | "seconds" | "growthMiB">> => {
	const clock = { look: async () => ({ now: Date.now(), quietMs: Number.POSITIVE_INFINITY }) };
	const retention = new Retention({ artifacts, clock, quietMs: 0, meter: { removed: () => undefined } });
	const spec = retentionPolicySpec.parse({
		name: "bench/bench",
		projects: { names: { matching: ["team"] } },
		rules: [{ name: "bench", keep }],
		dryRun,
		guard: { maxShare: 100 },
	});
	const run = {
		id: "bench",
		trigger: "Command",
		isRetry: false,
		startedAt: Date.now(),
		policy: { uid: "uid-bench", generation: 1, spec },
		state: undefined,
		keep: async () => undefined,
	} as const;
	const before = process.memoryUsage().rss;
	let peak = before;
	const sampling = setInterval(() => {
		peak = Math.max(peak, process.memoryUsage().rss);
	}, 20);
	const from = performance.now();
	const { outcome, message, figures } = await retention.run(run, new AbortController().signal);
	const seconds = (performance.now() - from) / 1000;
	clearInterval(sampling);
	if (outcome !== "Succeeded") throw new Error(`the run was ${outcome}: ${message}`);
	return {
		looked: Number(figures?.looked),
		removed: Number(figures?.removed),
		seconds,
		growthMiB: (Math.max(peak, process.memoryUsage().rss) - before) / 2 ** 20,
	};
};
