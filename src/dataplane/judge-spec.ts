import { parseControlledSpec } from "#/api/controlled-specs.ts";
import type { DesiredResource } from "#/control/control.ts";
import { excerpt } from "#/lib/excerpt.ts";
import type { DesiredResource as JudgedResource } from "#/metadata/control-state.ts";

/** How many store names a message lists. */
const MAX_NAMED_STORES = 20;

/**
 * A resource as metadata is to have it: its spec parsed, with defaults, or marked with why this registry will not have
 * it. Never throws, so that one wrong resource stops no other.
 *
 * @param stores the names of the blob stores that are configured
 */
export const judgeSpec = (resource: DesiredResource, stores: ReadonlySet<string>): JudgedResource => {
	const { kind, uid, generation, spec: given } = resource;
	const parsed = parseControlledSpec(kind, given);
	if ("invalid" in parsed) {
		// Not kept: what stands in the wrong field may be a secret.
		return { kind, uid, generation, spec: {}, rejected: { reason: "Invalid", message: parsed.invalid } };
	}
	const spec = { ...parsed.spec };
	return "store" in spec && !stores.has(spec.store)
		? { kind, uid, generation, spec, rejected: { reason: "StoreUnknown", message: unknownStore(spec.store, stores) } }
		: { kind, uid, generation, spec };
};

const unknownStore = (store: string, stores: ReadonlySet<string>): string => {
	const names = [...stores].toSorted();
	const more = names.length > MAX_NAMED_STORES ? ` and ${names.length - MAX_NAMED_STORES} more` : "";
	const known = names.slice(0, MAX_NAMED_STORES).map((name) => JSON.stringify(name));
	return `store: got ${JSON.stringify(excerpt(store))}, expected one of ${known.join(", ")}${more}`;
};
