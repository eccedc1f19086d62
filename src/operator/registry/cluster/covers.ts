const QUANTITY = /^([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;

const UNITS: { readonly [unit: string]: number } = {
	m: 1e-3,
	k: 1e3,
	M: 1e6,
	G: 1e9,
	T: 1e12,
	P: 1e15,
	E: 1e18,
	Ki: 2 ** 10,
	Mi: 2 ** 20,
	Gi: 2 ** 30,
	Ti: 2 ** 40,
	Pi: 2 ** 50,
	Ei: 2 ** 60,
};

/**
 * Whether an object as it stands has all that is wanted of it. What it has beyond that is another's, or a default of the
 * API server, which also writes quantities in its own way. Items of lists are compared one by one, but for those that
 * several may add to.
 */
export const covers = (present: unknown, wanted: unknown): boolean => {
	if (present === undefined && isEmpty(wanted)) return true;
	if (Array.isArray(wanted)) {
		if (!Array.isArray(present)) return false;
		if (isShared(wanted)) return wanted.every((item) => present.some((other) => covers(other, item)));
		return present.length === wanted.length && wanted.every((item, i) => covers(present[i], item));
	}
	if (typeof wanted === "object" && wanted !== null) {
		if (typeof present !== "object" || present === null || Array.isArray(present)) return false;
		const fields: { readonly [field: string]: unknown } = { ...present };
		return Object.entries(wanted).every(([field, value]) => covers(fields[field], value));
	}
	return present === wanted || isSameQuantity(present, wanted);
};

/** The API server leaves out what is empty. */
const isEmpty = (value: unknown): boolean =>
	typeof value === "object" && value !== null && Object.keys(value).length === 0;

/** Owner references, which others may add to. */
const isShared = (items: readonly unknown[]): boolean =>
	items.length > 0 && items.every((item) => typeof item === "object" && item !== null && "uid" in item);

const isSameQuantity = (one: unknown, other: unknown): boolean => {
	const amount = amountOf(one);
	return amount !== undefined && amount === amountOf(other);
};

const amountOf = (value: unknown): number | undefined => {
	if (typeof value !== "string" && typeof value !== "number") return undefined;
	const [match, count = "", unit] = QUANTITY.exec(String(value)) ?? [];
	if (match === undefined) return undefined;
	// Three decimals are as fine as Kubernetes counts; they keep 0.1 and 100m the same.
	return unit === undefined ? round(Number(count)) : round(Number(count) * (UNITS[unit] ?? 1));
};

const round = (amount: number): number => Math.round(amount * 1_000) / 1_000;
