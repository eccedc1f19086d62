import type { Registry } from "#/api/kinds/registry.ts";
import type { RegistryActuator, RegistryProblem } from "./actuator.ts";
import type { OwnDatabases } from "./own-database.ts";
import type { RegistryFinding } from "./plan.ts";
import type { WantedRegistry } from "./wanted-registry.ts";

/** What became of the database of a Registry's own. */
export interface SeenDatabase {
	/** What keeps it from being used, or from being whole; absent: nothing does, or there is to be none. */
	readonly problem: RegistryProblem | undefined;
	readonly asides: readonly RegistryFinding[];
	readonly dropped: readonly RegistryFinding["type"][];
}

/** What cannot be had where there are no pods. */
const NO_PODS: RegistryProblem = {
	reason: "InvalidSpec",
	message: "spec.database.cloudNativePG: standalone mode has no pods; name a database by database.postgres",
	terminal: true,
};

/** Makes the database that a Registry is to have of its own, if any; nothing is done for one that is suspended. */
export const tendDatabase = async (
	databases: OwnDatabases | undefined,
	{ metadata: { uid, namespace, name }, spec }: Registry,
	signal: AbortSignal,
): Promise<SeenDatabase> => {
	if (spec.database.cloudNativePG === undefined) return { problem: undefined, asides: [], dropped: ["DatabaseReady"] };
	if (spec.suspend) return { problem: undefined, asides: [], dropped: [] };
	const problem = databases === undefined ? NO_PODS : await databases.ensure({ uid, namespace, name, spec }, signal);
	return { problem, asides: [judge(problem)], dropped: [] };
};

const judge = (problem: RegistryProblem | undefined): RegistryFinding =>
	problem === undefined
		? { type: "DatabaseReady", status: "True", reason: "Succeeded", message: "all its instances are ready" }
		: { type: "DatabaseReady", status: "False", reason: problem.reason, message: problem.message };

/**
 * What keeps a Registry from running as wanted because of its database; absent: nothing does. Where there are processes,
 * or are to be none, one that is not ready for a while is left to them: they go on when it is there again.
 *
 * @param missing what is missing of what the Registry needs: of a database that is not ready, it is why
 */
export const hindranceOf = async (
	actuator: Pick<RegistryActuator, "observe">,
	wanted: WantedRegistry,
	{ problem, missing }: Pick<SeenDatabase, "problem"> & { readonly missing: readonly string[] },
	signal: AbortSignal,
): Promise<RegistryProblem | undefined> => {
	const mayGoOn = problem?.reason === "DatabaseNotReady" && missing.length === 0;
	if (!mayGoOn) return problem;
	const isIdle = wanted.spec.replicas === 0;
	if (isIdle) return undefined;
	const present = await actuator.observe(wanted, signal);
	return (present?.replicas ?? 0) > 0 ? undefined : problem;
};
