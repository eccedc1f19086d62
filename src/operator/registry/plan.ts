import type { Registry, RegistryCondition, RegistryReason } from "#/api/kinds/registry.ts";
import type { Verdict } from "#/operator/verdict.ts";
import type { RegistryProblem, RegistryState } from "./actuator.ts";

/** What was found out about a Registry in one look. */
export interface RegistryObservation {
	readonly registry: Registry;
	/** How it runs; absent when nothing of it does. */
	readonly state: RegistryState | undefined;
	/** What is missing of what its spec refers to, one sentence each. */
	readonly missing: readonly string[];
	/** What it begins with, for people; absent: with nothing, or it has begun. */
	readonly restoring: string | undefined;
	/** What of its database, which is made for it, is in the way; absent: nothing, or it has none. */
	readonly database?: RegistryProblem | undefined;
	/** What of its spec cannot be, whatever comes; absent: nothing. */
	readonly wrong: string | undefined;
	/** What became of its users; absent while its data plane cannot be spoken to. */
	readonly users: { readonly pending: number; readonly refused: readonly string[] } | undefined;
	/** Why its data plane does not answer; absent when it does, or nothing was asked. */
	readonly trouble: string | undefined;
}

/** How a Registry stands. */
export type RegistryVerdict = Verdict<RegistryReason>;

/** A condition of a Registry. */
export interface RegistryFinding {
	readonly type: RegistryCondition;
	readonly status: "True" | "False";
	readonly reason: RegistryReason;
	readonly message: string;
}

/** Judges a Registry that is not being deleted: whether all that it asks for is so. */
export const judgeRegistry = (observed: RegistryObservation): RegistryVerdict => {
	const { registry, state, missing, restoring, wrong, database, users, trouble } = observed;
	const { suspend, replicas } = registry.spec;
	const working = (reason: RegistryReason, message: string): RegistryVerdict => ({ is: "Working", reason, message });
	if (suspend) {
		const message = "spec.suspend is true: what runs is left as it is, and changes wait";
		return { is: "Resting", reason: "Suspended", message };
	}
	if (wrong !== undefined) return { is: "Stalled", reason: "InvalidSpec", message: wrong };
	if (database !== undefined) return verdictOf(database);
	if (missing.length > 0) return working("DependencyNotReady", missing.join("; "));
	const problem = state?.problem;
	if (restoring !== undefined && replicas > 0 && (problem === undefined || problem.reason === "Progressing")) {
		const how = problem === undefined ? "" : `: ${problem.message}`;
		return working("Restoring", `it is made again from ${restoring}${how}`);
	}
	if (problem !== undefined) return verdictOf(problem);
	if (replicas === 0) {
		const message = "nothing serves, as spec.replicas is 0; what was pushed stays";
		return { is: "Ready", reason: "ScaledToZero", message };
	}
	if (trouble !== undefined) return working("NotServing", `its data plane does not answer: ${trouble}`);
	if (users === undefined) return working("Progressing", "waiting for its data plane");
	if (users.refused.length > 0) return { is: "Stalled", reason: "InvalidSpec", message: users.refused.join("; ") };
	if (users.pending > 0) return working("Progressing", "waiting until its users are in force");
	return { is: "Ready", reason: "Succeeded", message: `serves at ${state?.url ?? "an address that is not known yet"}` };
};

const verdictOf = ({ terminal, reason, message }: RegistryProblem): RegistryVerdict => ({
	is: terminal ? "Stalled" : "Working",
	reason,
	message,
});

/** Whether clients are served, or none are to be. */
export const judgeAvailability = ({ registry: { spec }, state }: RegistryObservation): RegistryFinding => {
	if (spec.replicas === 0 && (state?.replicas ?? 0) === 0) {
		const message = "spec.replicas is 0: none is to serve";
		return { type: "Available", status: "True", reason: "ScaledToZero", message };
	}
	const serving = state?.readyReplicas ?? 0;
	const message = `${serving} of ${spec.replicas} serve`;
	return serving > 0
		? { type: "Available", status: "True", reason: "Serving", message }
		: { type: "Available", status: "False", reason: "NotServing", message: state?.problem?.message ?? message };
};
