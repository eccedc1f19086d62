import type {
	FoundEvents,
	JsonObject,
	PolicyFeature,
	PolicyRun,
	PolicySpec,
	RunResult,
} from "#/jobs/policy-feature.ts";
import { PolicyRunner, type PolicyRunnerOpts } from "#/jobs/policy-runner.ts";
import { ManualClock } from "./manual-clock.ts";
import { MemoryPolicies } from "./memory-policies.ts";

/** A feature whose runs wait until the test says how they end. */
class Scripted implements PolicyFeature<PolicySpec> {
	readonly kind = "RetentionPolicy";
	readonly name = "scripted";
	readonly runs: {
		readonly run: PolicyRun<PolicySpec>;
		readonly signal: AbortSignal;
		readonly end: (result: Partial<RunResult> | Error) => void;
	}[] = [];
	readonly events = new Set<string>();
	/** Policies of which events cannot be told. */
	readonly deaf = new Map<string, Error>();
	/** Thrown by the next look for events. */
	failure: Error | undefined;
	/** Of which policies events were looked for last. */
	asked: readonly string[] = [];

	parse(spec: JsonObject): PolicySpec {
		if (typeof spec.suspend !== "boolean") throw new Error("no policy");
		const { name, schedule, requestedAt, once } = spec;
		return {
			name: String(name),
			suspend: spec.suspend,
			schedule: textIn(schedule),
			requestedAt: textIn(requestedAt),
			once: typeof once === "number" ? { afterMs: once } : undefined,
		};
	}

	blank() {
		return { report: { explain: [] }, figures: { looked: 0 } };
	}

	run(run: PolicyRun<PolicySpec>, signal: AbortSignal): Promise<RunResult> {
		const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
		const end = (result: Partial<RunResult> | Error) => {
			if (result instanceof Error) reject(result);
			else resolve({ outcome: "Succeeded", message: "done", ...result });
		};
		signal.addEventListener("abort", () => reject(signal.reason));
		this.runs.push({ run, signal, end });
		return promise;
	}

	async findEvents(policies: readonly { readonly uid: string }[]): Promise<FoundEvents> {
		this.asked = policies.map(({ uid }) => uid);
		const { failure } = this;
		this.failure = undefined;
		if (failure !== undefined) throw failure;
		return { found: this.events, failed: new Map([...this.deaf].filter(([uid]) => this.asked.includes(uid))) };
	}
}

const textIn = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** Policies and any number of processes that carry them out, on one clock. */
export const openPolicyBench = () => {
	const clock = new ManualClock();
	const policies = new MemoryPolicies(() => clock.monotonic());
	// Each is of a namespace of its own, unless its name says otherwise.
	const put = (uid: string, spec: object) =>
		policies.put({ kind: "RetentionPolicy", uid, spec: { name: `${uid}/policy`, ...spec } });
	const ended: string[] = [];
	const told: object[] = [];
	let ids = 0;
	const open = (holder: string, opts: Partial<PolicyRunnerOpts> = {}) => {
		const feature = new Scripted();
		const meter = { began: () => undefined, ended: (_: string, outcome: string) => void ended.push(outcome) };
		const deps = {
			policies,
			outbox: policies,
			holder,
			newId: () => `run-${++ids}`,
			clock,
			report: ({ event, fields }: { readonly event: string; readonly fields?: object }) =>
				void told.push({ event, ...fields }),
			meter,
		};
		return { feature, runner: new PolicyRunner(feature, deps, { leaseMs: 60_000, ...opts }) };
	};
	const runs = (uid: string) => {
		const { runs } = policies.reports.get(uid) ?? {};
		return Array.isArray(runs) ? runs : [];
	};
	const outcomes = (uid: string) => runs(uid).map(({ trigger, outcome }) => `${trigger} ${outcome}`);
	return { clock, policies, put, open, runs, outcomes, ended, told };
};
