import type { Registry, RegistryCondition, RegistryReason } from "#/api/kinds/registry.ts";
import type { Verdict } from "#/operator/verdict.ts";
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
export const judgeRegistry = ({ registry, state, missing, users, trouble }: RegistryObservation): RegistryVerdict => {
	const { suspend, replicas } = registry.spec;
	const working = (reason: RegistryReason, message: string): RegistryVerdict => ({ is: "Working", reason, message });
	if (suspend) {
		const message = "spec.suspend is true: what runs is left as it is, and changes wait";
		return { is: "Resting", reason: "Suspended", message };
	}
	if (missing.length > 0) return working("DependencyNotReady", missing.join("; "));
	const problem = state?.problem;
	if (problem !== undefined) {
		return { is: problem.terminal ? "Stalled" : "Working", reason: problem.reason, message: problem.message };
	}
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
