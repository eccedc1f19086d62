/**
 * A plain record without those of its members that are null, copied if there are any; anything else unchanged.
 *
 * Go programs write an empty slice, map or pointer as null where other writers leave the member out;
 * a schema behind this needs to know only one of the two.
 */
export const omitNulls = (value: unknown): unknown => {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
	const members = Object.entries(value);
	const present = members.filter(([, member]) => member !== null);
	return present.length === members.length ? value : Object.fromEntries(present);
};
