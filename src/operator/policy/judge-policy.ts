import type { PolicyProjects } from "#/api/policy-selectors.ts";
import type { Finding } from "#/kube/status/summarize.ts";
import type { Standing } from "#/operator/plane/observations.ts";
import type { PlaneLink } from "#/operator/plane/plane-link.ts";
import type { Binding } from "#/operator/tenancy/find-binding.ts";
import { judgeStanding, type StandingReason, type Verdict } from "#/operator/verdict.ts";
import type { PolicyRefusal } from "./find-projects.ts";
import type { PolicyRun } from "./policy-resource.ts";

/** How a policy stands. */
export type PolicyVerdict = Verdict<
	StandingReason | "Succeeded" | "NotAllowed" | "Suspended" | "Deleting" | "InvalidSpec"
>;

/** What was found out about a policy in one look. */
export interface PolicyFindings {
	readonly suspend: boolean;
	readonly obstacle: Binding["obstacle"];
	readonly link: Pick<PlaneLink, "trouble"> | undefined;
	readonly refusals: readonly PolicyRefusal[];
	/** What the data plane says of just what is wanted. */
	readonly standing: Standing | undefined;
	readonly projects: PolicyProjects;
	/** The newest first. */
	readonly runs: readonly PolicyRun[];
}

/** Judges a policy that is not being deleted: whether it is in force as it stands. How its runs go is another matter. */
export const judgePolicy = (findings: PolicyFindings): PolicyVerdict => {
	const { suspend, obstacle, link, refusals, standing, projects, runs } = findings;
	if (obstacle !== undefined) {
		return { is: obstacle.reason === "NotAllowed" ? "Stalled" : "Working", ...obstacle };
	}
	const first = refusals.find(({ reason }) => reason === "NotAllowed") ?? refusals[0];
	if (first !== undefined) {
		// All of it may change without a change here, which is watched.
		const message = `it does nothing until this is so: ${refusals.map((one) => one.message).join("; ")}`;
		return { is: first.reason === "NotAllowed" ? "Stalled" : "Working", reason: first.reason, message };
	}
	const trouble = link === undefined ? undefined : judgeStanding(standing, link);
	if (trouble !== undefined) return trouble;
	if (suspend) return { is: "Resting", reason: "Suspended", message: "spec.suspend is true: no run is begun" };
	return { is: "Ready", reason: "Succeeded", message: `in force for ${describeProjects(projects)}${lastOf(runs)}` };
};

/** The condition that says how the last run went. @param runs the newest first */
export const judgeHealth = (runs: readonly PolicyRun[]): Finding => {
	const last = endedRun(runs);
	if (last === undefined) {
		return { type: "Healthy", status: "Unknown", reason: "NotRunYet", message: "no run has ended yet" };
	}
	const status = last.outcome === "Succeeded" ? "True" : "False";
	return {
		type: "Healthy",
		status,
		reason: reasonOf(last),
		message: last.message || `the last run ${outcomeOf(last)}`,
	};
};

/** The last run that ended; absent before the first. */
const endedRun = (runs: readonly PolicyRun[]): PolicyRun | undefined =>
	runs.find(({ outcome }) => outcome !== "Running");

/** How a run ended, as the reason of a condition or an event. */
export const reasonOf = ({ outcome }: PolicyRun): string => `Run${outcome}`;

const outcomeOf = ({ outcome }: PolicyRun): string => outcome.toLowerCase();

const lastOf = (runs: readonly PolicyRun[]): string => {
	const last = endedRun(runs);
	if (last === undefined || last.outcome === "Succeeded") return "";
	const was = last.outcome === "Stopped" || last.outcome === "Interrupted" ? "was " : "";
	return `; the last run ${was}${outcomeOf(last)}: ${last.message}`;
};

const describeProjects = (projects: PolicyProjects): string => {
	if ("uids" in projects) return projects.uids.length === 1 ? "1 project" : `${projects.uids.length} projects`;
	const { matching, excluding } = projects.names;
	const but = excluding.length === 0 ? "" : ` but ${excluding.join(", ")}`;
	return `the projects ${matching.join(", ")}${but}`;
};
