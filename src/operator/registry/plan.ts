import type { Registry, RegistryCondition, RegistryReason } from "#/api/kinds/registry.ts";
import type { RegistryState } from "./actuator.ts";

/** What was found out about a Registry in one look. */
export interface RegistryObservation {
	readonly registry: Registry;
	/** How it runs; absent when nothing of it does. */
	readonly state: RegistryState | undefined;
	/** What is missing of what its spec refers to, one sentence each. */
	readonly missing: readonly string[];
	/** What became of its users; absent while its data plane cannot be spoken to. */
	readonly users: { readonly pending: number; readonly refused: readonly string[] } | undefined;
	/** Why its data plane does not answer; absent when it does, or nothing was asked. */
	readonly trouble: string | undefined;
}

/** A condition that is to be. */
export interface Finding {
	readonly type: RegistryCondition;
	readonly status: "True" | "False" | "Unknown";
	readonly reason: RegistryReason;
	readonly message: string;
}

/** How the work on an object stands; `Settled` when there is nothing to be done now. */
export type Progress =
	| { readonly is: "Reconciling" | "Stalled"; readonly reason: RegistryReason; readonly message: string }
	| { readonly is: "Settled" };

/** What the status is to say. */
export interface RegistryStatusPlan {
	/** Most important first; Ready is made of them. */
	readonly findings: readonly Finding[];
	/** What Ready says when nothing else is to be said. */
	readonly ready: { readonly reason: RegistryReason; readonly message: string };
	/** Absent: done when all findings are True, else tried again. */
	readonly progress: Progress | undefined;
}

/** Judges a Registry that is not being deleted. */
export const planStatus = (observed: RegistryObservation): RegistryStatusPlan => {
	const { registry, state } = observed;
	const { suspend, replicas } = registry.spec;
	const stopped = replicas === 0;
	const message = stopped
		? "nothing serves, as spec.replicas is 0; what was pushed stays"
		: `serves at ${state?.url ?? registry.status.url ?? "an address that is not known yet"}`;
	const ready = { reason: stopped ? "ScaledToZero" : "Succeeded", message } as const;
	const trouble = findTrouble(observed);
	const available = availabilityOf(observed);
	if (suspend) {
		const held = "spec.suspend is true: what runs is left as it is, and changes wait";
		const finding = { type: "Ready", status: "False", reason: "Suspended", message: held } as const;
		return { findings: [finding, available], ready, progress: { is: "Settled" } };
	}
	return {
		findings: [...(trouble === undefined ? [] : [trouble.finding]), available],
		ready,
		progress: trouble?.progress,
	};
};

const availabilityOf = ({ registry: { spec }, state }: RegistryObservation): Finding => {
	if (spec.replicas === 0 && (state?.replicas ?? 0) === 0) {
		return {
			type: "Available",
			status: "True",
			reason: "ScaledToZero",
			message: "spec.replicas is 0: none is to serve",
		};
	}
	const serving = state?.readyReplicas ?? 0;
	const message = `${serving} of ${spec.replicas} serve`;
	return serving > 0
		? { type: "Available", status: "True", reason: "Serving", message }
		: { type: "Available", status: "False", reason: "NotServing", message: state?.problem?.message ?? message };
};

interface Trouble {
	readonly finding: Finding;
	readonly progress: Progress | undefined;
}

/** The first thing that keeps it from being ready. */
const findTrouble = ({ registry, state, missing, users, trouble }: RegistryObservation): Trouble | undefined => {
	const notReady = (reason: RegistryReason, message: string, is?: "Reconciling" | "Stalled"): Trouble => ({
		finding: { type: "Ready", status: "False", reason, message },
		progress: is === undefined ? undefined : { is, reason, message },
	});
	if (missing.length > 0) return notReady("DependencyNotReady", missing.join("; "), "Reconciling");
	const problem = state?.problem;
	if (problem !== undefined) {
		return notReady(problem.reason, problem.message, problem.terminal ? "Stalled" : "Reconciling");
	}
	if (registry.spec.replicas === 0) return undefined;
	if (trouble !== undefined) return notReady("NotServing", `its data plane does not answer: ${trouble}`);
	if (users === undefined) return notReady("Progressing", "waiting for its data plane", "Reconciling");
	if (users.refused.length > 0) return notReady("InvalidSpec", users.refused.join("; "), "Stalled");
	if (users.pending > 0) return notReady("Progressing", "waiting until its users are in force", "Reconciling");
	return undefined;
};
