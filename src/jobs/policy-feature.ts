/**
 * The seam between the policies that the data plane carries out by itself and what carries them out: a feature says what
 * a run of one does, `PolicyRunner` when and where it runs, and what is kept of it.
 */
import type { PolicyKind } from "#/metadata/policies.ts";

/** JSON, as metadata keeps it. */
export type JsonObject = { readonly [field: string]: unknown };

/** Why a run began. Request: its spec asks for one. Event: something changed that the policy is about. Command: somebody asked for it by name. */
export type RunTrigger = "Schedule" | "Request" | "Event" | "Command";

/** How a run ended. Stopped: the feature held it up and waits for people. Failed runs are tried again, later and later. */
type RunOutcome = "Succeeded" | "Failed" | "Stopped";

/** When a policy wants to run, as every policy's spec has it. */
export interface PolicyTiming {
	/** Five fields of cron, in UTC; absent: never by itself. */
	readonly schedule?: string | undefined;
	readonly suspend: boolean;
	/** Another word than the last one asks for a run. */
	readonly requestedAt?: string | undefined;
	/** Runs when it has been known for so long, milliseconds, and however that ends, never again; nothing else counts. */
	readonly once?: { readonly afterMs: number } | undefined;
}

/** What every policy's spec has. */
export interface PolicySpec extends PolicyTiming {
	/** `namespace/name`. */
	readonly name: string;
}

/** Whose policy it is: tenants share what there is to share. */
export const tenantOf = ({ name }: PolicySpec): string => name.split("/", 1)[0] ?? name;

/** A policy whose spec its feature has read. */
export interface ParsedPolicy<Spec extends PolicyTiming> {
	readonly uid: string;
	readonly generation: number;
	readonly spec: Spec;
}

/** What a run keeps while it goes on, or leaves behind; what is not given stays as it was. */
export interface RunProgress {
	/** Figures of this run, laid over those before: they stand in the report's `runs`; numbers, texts and truths among them are also what `Control.run` answers. */
	readonly figures?: JsonObject;
	/** What the report says beside its runs, in whole. */
	readonly report?: JsonObject;
	/** What the feature keeps for itself, in whole. */
	readonly state?: JsonObject;
}

/** A run, as the feature that carries it out sees it. */
export interface PolicyRun<Spec extends PolicySpec> {
	readonly id: string;
	readonly trigger: RunTrigger;
	/** Whether it makes up for what failed or was cut short; else it may leave alone what a run failed at already. */
	readonly isRetry: boolean;
	/** Milliseconds since the epoch. */
	readonly startedAt: number;
	readonly policy: ParsedPolicy<Spec>;
	/** What the feature kept for itself last, also in a run that was interrupted; absent before the first time. */
	readonly state: JsonObject | undefined;
	/**
	 * Keeps how far it has come, durably. Rejects, with the signal aborted, once another process has taken the policy
	 * over, or it is gone.
	 */
	keep(progress: RunProgress): Promise<void>;
}

/** How a run ended, in a sentence for people (at most 1,024 characters, no secrets), and what it leaves behind. */
export interface RunResult extends RunProgress {
	readonly outcome: RunOutcome;
	readonly message: string;
	/** A failed run is tried again after no longer than this, however many failed before, milliseconds; absent: an hour. */
	readonly longestPauseMs?: number;
}

/** A policy that does not run, and what its feature kept for itself; absent before the first time. */
export interface IdlePolicy<Spec extends PolicyTiming> extends ParsedPolicy<Spec> {
	readonly state: JsonObject | undefined;
}

/** What looking for events came to. */
export interface FoundEvents {
	/** Policies that something has happened to, by their uids. */
	readonly found: ReadonlySet<string>;
	/** Those of which that could not be told, by their uids, and why: they are asked about again after a while. */
	readonly failed: ReadonlyMap<string, unknown>;
}

/** What carries out the policies of one kind. */
export interface PolicyFeature<Spec extends PolicySpec> {
	readonly kind: PolicyKind;
	/** The feature's name in logs and metrics, one word. */
	readonly name: string;
	/** Reads a spec as metadata keeps it. Throws when it is none, which leaves the policy alone. */
	parse(spec: JsonObject): Spec;
	/** What a report says before there is anything to say: beside its runs, and as figures of a run that begins. */
	blank(spec: Spec): { readonly report: JsonObject; readonly figures: JsonObject };
	/**
	 * Carries out a run. It is aborted when the process stops, the policy changes or goes, or another process takes over:
	 * it may then end at any await, and is run again where it is still wanted, so everything it does must be safe to
	 * repeat, unless it runs once. What it throws becomes a failure, of which the text of a `CodedError` alone is told.
	 */
	run(run: PolicyRun<Spec>, signal: AbortSignal): Promise<RunResult>;
	/**
	 * Which of these policies something has happened to since their last run. What a failed run has seen already is
	 * nothing new, for it is tried again by itself. Asked at each look, so its cost is bounded, whatever has happened;
	 * what it has no time for it finds at the next looks. Absent: none wants to know.
	 */
	findEvents?(policies: readonly IdlePolicy<Spec>[], signal: AbortSignal): Promise<FoundEvents>;
}
