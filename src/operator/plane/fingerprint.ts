import { hash } from "node:crypto";

/** How many hex digits fit an integer that JSON carries unharmed: 48 bits. */
const DIGITS = 12;

/**
 * A number that tells one spec from another, whatever the order of their members; undefined members count as absent.
 * It goes over Control as the generation, so that what the data plane observes says by itself which spec it speaks of:
 * a control plane that knows nothing any more still sees what differs from what it wants.
 */
export const fingerprintOf = (spec: { readonly [field: string]: unknown }): number =>
	Number.parseInt(hash("sha256", JSON.stringify(inOrder(spec)), "hex").slice(0, DIGITS), 16);

const inOrder = (value: unknown): unknown => {
	if (Array.isArray(value)) return value.map(inOrder);
	if (typeof value !== "object" || value === null) return value;
	const members = Object.entries(value).filter(([, member]) => member !== undefined);
	return Object.fromEntries(members.map(([key, member]) => [key, inOrder(member)] as const).toSorted(byKey));
};

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
