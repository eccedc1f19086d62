import type { Registry, RegistryStatus } from "#/api/kinds/registry.ts";
import type { Control, StoreStanding } from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";
import type { RegistryProblem, RegistryState } from "./actuator.ts";
import type { RegistryFinding } from "./plan.ts";

/** How a Registry's stores of blobs stand, by its data plane; absent: it does not tell. @throws ControlError */
const readStores = async (
	control: Pick<Control, "totals">,
	signal: AbortSignal,
): Promise<readonly StoreStanding[] | undefined> => (await control.totals({}, signal)).stores;

/** What the status of a Registry says of them. */
export const storageClassesOf = (stores: readonly StoreStanding[]): NonNullable<RegistryStatus["storageClasses"]> =>
	stores.map(({ name, used, away }) => ({ name, available: away === undefined, inUse: used }));

/** Whether all of them answer, and which do not. */
export const judgeStorage = (stores: readonly StoreStanding[]): RegistryFinding => {
	const away = stores.flatMap(({ name, away: why }) => (why === undefined ? [] : [{ name, why }]));
	if (away.length === 0) {
		const message = stores.length === 1 ? "the store of blobs answers" : `all ${stores.length} stores of blobs answer`;
		return { type: "StorageReady", status: "True", reason: "Succeeded", message };
	}
	const message = away.map(({ why }) => why).join("; ");
	return { type: "StorageReady", status: "False", reason: "StorageUnavailable", message };
};

/**
 * Why a Registry cannot go on to a spec without a class that it had; absent: it can. Its data plane has the last word:
 * what the status says may be of a while ago.
 *
 * @param present how it runs now
 */
export const whyClassesStay = async (
	{ spec, status }: Registry,
	present: RegistryState | undefined,
	signal: AbortSignal,
): Promise<RegistryProblem | undefined> => {
	const dropped = droppedClasses({ spec, status });
	if (dropped.length === 0 || present?.control === undefined) return undefined;
	const stores = await readStores(present.control, signal).catch((error: unknown) => {
		if (error instanceof ControlError) return undefined;
		throw error;
	});
	const used = dropped.filter((name) => stores?.find((store) => store.name === name)?.used !== false);
	if (used.length === 0) return undefined;
	const message = `spec.storageClasses: ${used.join(", ")} cannot be taken away, as projects or what they pushed are there: give those projects another spec.storageClassName first. Until then nothing of the Registry is changed`;
	return { reason: "InvalidSpec", message, terminal: false };
};

/** Classes that projects or what they pushed are in, as the status says: of a while ago. */
export const usedClasses = ({ status }: Pick<Registry, "status">): ReadonlySet<string> =>
	new Set((status.storageClasses ?? []).flatMap(({ name, inUse }) => (inUse ? [name] : [])));

/** Classes that ran and that the spec does not name any more. */
export const droppedClasses = ({ spec, status }: Pick<Registry, "spec" | "status">): readonly string[] => {
	const named = new Set(["default", ...spec.storageClasses.map(({ name }) => name)]);
	return (status.storageClasses ?? []).flatMap(({ name }) => (named.has(name) ? [] : [name]));
};
