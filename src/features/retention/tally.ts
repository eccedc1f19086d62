import type { RetentionRun } from "#/api/retention-report.ts";
import type { CompiledPolicy } from "./compile-policy.ts";
import type { RepositoryPlan } from "./plan-repository.ts";

/** The figures of a run, as its report has them. */
export type Figures = Pick<RetentionRun, "dryRun" | "looked" | "kept" | "removed" | "bytes" | "byRule">;

/** Counts up what becomes of artifacts. */
export class Tally {
	looked = 0;
	removed = 0;
	bytes = 0;
	/** Repositories of which something goes. */
	repositories = 0;
	readonly #byRule: number[];
	readonly #policy: CompiledPolicy;

	constructor(policy: CompiledPolicy) {
		this.#policy = policy;
		this.#byRule = policy.rules.map(() => 0);
	}

	/** Adds what a repository has, and what rules keep of it. */
	look({ facts, reasons }: RepositoryPlan): void {
		this.looked += facts.length;
		for (const reason of reasons) {
			if (reason.by === "rule") this.#byRule[reason.rule] = (this.#byRule[reason.rule] ?? 0) + 1;
		}
	}

	/** Adds what goes of a repository. */
	remove(artifacts: number, bytes: number): void {
		if (artifacts > 0) this.repositories += 1;
		this.removed += artifacts;
		this.bytes += bytes;
	}

	/** What is counted so far. */
	figures(dryRun: boolean): Figures {
		const { looked, removed, bytes } = this;
		const byRule = this.#policy.rules.map(({ name }, i) => ({ rule: name, kept: this.#byRule[i] ?? 0 }));
		return { dryRun, looked, kept: looked - removed, removed, bytes, byRule };
	}
}
