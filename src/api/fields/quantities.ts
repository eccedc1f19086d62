import { z } from "zod";

/** Counts of bytes: a fraction makes sense with a unit alone, and rounds up. */
const BYTES = /^[0-9]{1,16}(\.[0-9]{1,6})?(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/;

/** The quantities of Kubernetes that can be asked for: not negative. */
const QUANTITY = /^[0-9]{1,16}(\.[0-9]{1,9})?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;

const quantity = (pattern: RegExp, expected: string) =>
	z.union([z.int().min(0), z.string().max(32).regex(pattern, expected)]).meta({ "x-kubernetes-int-or-string": true });

/** An amount of bytes, such as `10Gi`, or their number. */
export const byteQuantity = quantity(BYTES, "expected an amount of bytes such as 500Mi or 10Gi");

/** An amount of what a container may use, such as `500m` or `1Gi`. */
export const resourceQuantity = quantity(QUANTITY, "expected a quantity such as 500m, 2 or 1Gi");

const UNITS: { readonly [unit: string]: number } = {
	"": 1,
	k: 1e3,
	M: 1e6,
	G: 1e9,
	T: 1e12,
	P: 1e15,
	Ki: 2 ** 10,
	Mi: 2 ** 20,
	Gi: 2 ** 30,
	Ti: 2 ** 40,
	Pi: 2 ** 50,
};

/**
 * Whole bytes of what {@link byteQuantity} lets pass, fractions rounded up. What is beyond the largest safe integer,
 * nine petabytes, is that integer: nobody has so much to tell them apart.
 */
export const quantityBytes = (amount: string | number): number => {
	const [, count = "0", unit = ""] = /^([0-9.]+)([A-Za-z]*)$/.exec(String(amount)) ?? [];
	return Math.min(Math.ceil(Number(count) * (UNITS[unit] ?? 1)), Number.MAX_SAFE_INTEGER);
};
