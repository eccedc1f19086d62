/** Projects, users and robots of a registry that no operator drives: its configuration document names them. */
import type { ProjectSpec } from "#/api/project-spec.ts";
import type { UserSpec } from "#/api/user-spec.ts";
import type { Control, ObservedResource } from "#/control/control.ts";
import { observeAll } from "#/control/observe-all.ts";
import { resyncAll } from "#/control/resync-all.ts";
import type { RobotPermission, RobotTrust } from "#/metadata/identities.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { type LocalResource, wantedResources } from "./wanted-resources.ts";

/** What a configuration document says under `resources`, its files read. */
export interface LocalResources {
	readonly projects: readonly Omit<ProjectSpec, "owner" | "quotaBytes" | "immutability" | "undoWindow">[];
	readonly users: readonly (Pick<UserSpec, "name" | "admin" | "disabled"> & { readonly password: string })[];
	readonly robots: readonly {
		/** Without the `robot$` that goes before it. */
		readonly name: string;
		/** Absent: it has none, and trusts somebody. */
		readonly secret: string | undefined;
		readonly permissions: readonly {
			readonly project: string;
			readonly repositories?: readonly string[] | undefined;
			readonly actions: RobotPermission["actions"];
		}[];
		readonly trust?: readonly (Omit<RobotTrust, "audience" | "tokenLifetimeS"> & {
			readonly audience?: string | undefined;
		})[];
	}[];
}

/** What {@link applyLocalResources} works with. */
export interface LocalResourcesDeps {
	readonly control: Control;
	/** What is there, to tell whether anything changed. */
	readonly metadata: {
		readonly projects: Pick<Metadata["projects"], "find">;
		readonly identities: Pick<Metadata["identities"], "findUser" | "findRobot">;
	};
	/** Resolves to an Argon2id hash in PHC string form. */
	readonly hashPassword: (password: string) => Promise<string>;
	readonly verifyPassword: (hash: string, password: string) => Promise<boolean>;
	readonly robotVerifier: (uid: string, secret: string) => string;
	/** A name for this process, for those who look at who holds the epoch. */
	readonly holder: string;
	/** An id that was never used before. */
	readonly newId: () => string;
}

/** What came of local resources. */
export interface LocalOutcome {
	/**
	 * `unchanged`: nothing was written; `applied`: all was handed over; `overtaken`: another process took the epoch
	 * meanwhile, whose word holds.
	 */
	readonly outcome: "unchanged" | "applied" | "overtaken";
	/** Resources that are not in force, each with why. */
	readonly failed: readonly {
		readonly kind: string;
		readonly name: string;
		readonly reason: string;
		readonly message: string;
	}[];
}

/**
 * Makes the registry's projects, users and robots what the configuration says: missing ones are made, changed ones
 * changed, and everything else that is controlled is deleted. Writes nothing when all is as wanted already; a password
 * is hashed anew only when it is another one.
 *
 * @throws ControlError INVALID when a name stands twice; MetadataError and ControlError UNAVAILABLE
 */
export const applyLocalResources = async (
	deps: LocalResourcesDeps,
	resources: LocalResources,
	signal: AbortSignal,
): Promise<LocalOutcome> => {
	const observed = await observedByUid(deps.control, signal);
	const wanted = await wantedResources(deps, resources, signal);
	const uids = new Set(wanted.map(({ uid }) => uid));
	const hasOthers = observed.values().some(({ uid, deleted }) => !deleted && !uids.has(uid));
	if (!hasOthers && wanted.every((resource) => isInForce(resource, observed.get(resource.uid)))) {
		return { outcome: "unchanged", failed: [] };
	}
	const { epoch } = await deps.control.begin({ holder: deps.holder }, signal);
	const desired = wanted.map(({ kind, uid, spec, unchanged }) => ({
		kind,
		uid,
		generation: nextGeneration(observed.get(uid), unchanged),
		spec,
	}));
	const applied = await resyncAll(deps.control, { epoch, snapshot: deps.newId(), resources: desired }, signal);
	if ("refused" in applied) return { outcome: "overtaken", failed: [] };
	return { outcome: "applied", failed: failuresOf(wanted, await observedByUid(deps.control, signal)) };
};

const observedByUid = async (control: Control, signal: AbortSignal): Promise<Map<string, ObservedResource>> => {
	const found = new Map<string, ObservedResource>();
	for await (const resource of observeAll(control, 0, signal)) found.set(resource.uid, resource);
	return found;
};

const isInForce = ({ unchanged }: LocalResource, observed: ObservedResource | undefined): boolean =>
	unchanged && observed?.ready === true && !observed.deleted;

/** Generations count what was wanted, so an unchanged resource keeps its own. */
const nextGeneration = (observed: ObservedResource | undefined, unchanged: boolean): number => {
	if (observed === undefined) return 1;
	return unchanged && !observed.deleted ? observed.generation : observed.generation + 1;
};

const failuresOf = (
	wanted: readonly LocalResource[],
	observed: ReadonlyMap<string, ObservedResource>,
): LocalOutcome["failed"] =>
	wanted.flatMap(({ kind, uid, name }) => {
		const { ready = false, reason = "Unknown", message = "" } = observed.get(uid) ?? {};
		return ready ? [] : [{ kind, name, reason, message }];
	});
