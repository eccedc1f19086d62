import type { Environment } from "@marcbachmann/cel-js";

type Ordered = bigint | number | string | boolean | Date;

const isOrdered = (value: unknown): value is Ordered =>
	value instanceof Date || ["bigint", "number", "string", "boolean"].includes(typeof value);

const ordered = (list: readonly unknown[]): readonly Ordered[] => list.filter(isOrdered);

/** Least or greatest. @throws Error for an empty list */
const extreme = (list: readonly unknown[], name: string, better: (a: Ordered, b: Ordered) => boolean): Ordered => {
	const [first, ...rest] = ordered(list);
	if (first === undefined) throw new Error(`${name} called on empty list`);
	return rest.reduce((best, one) => (better(one, best) ? one : best), first);
};

const sum = (list: readonly unknown[]): bigint | number => {
	if (list.some((one) => typeof one === "number")) return list.reduce<number>((total, one) => total + Number(one), 0);
	return list.reduce<bigint>((total, one) => total + (typeof one === "bigint" ? one : 0n), 0n);
};

const same = (a: unknown, b: unknown): boolean =>
	a === b || (a instanceof Date && b instanceof Date && a.getTime() === b.getTime());

/** Kubernetes' list library, and the sets of the CEL extensions. */
export const addListFunctions = (env: Environment): void => {
	env.registerFunction("list.isSorted(): bool", (list: readonly unknown[]) => {
		const values = ordered(list);
		return values.every((one, at) => at === 0 || (values[at - 1] ?? one) <= one);
	});
	env.registerFunction("list.sum(): dyn", sum);
	env.registerFunction("list.min(): dyn", (list: readonly unknown[]) => extreme(list, "min", (a, b) => a < b));
	env.registerFunction("list.max(): dyn", (list: readonly unknown[]) => extreme(list, "max", (a, b) => a > b));
	env.registerFunction("list.indexOf(dyn): int", (list: readonly unknown[], wanted: unknown) =>
		BigInt(list.findIndex((one) => same(one, wanted))),
	);
	env.registerFunction("list.lastIndexOf(dyn): int", (list: readonly unknown[], wanted: unknown) =>
		BigInt(list.findLastIndex((one) => same(one, wanted))),
	);
	addSets(env);
};

class SetLibrary {}

const addSets = (env: Environment): void => {
	const holds = (list: readonly unknown[], wanted: readonly unknown[]) =>
		wanted.every((one) => list.some((other) => same(one, other)));
	env.registerType("SetLibrary", SetLibrary);
	env.registerConstant("sets", "SetLibrary", new SetLibrary());
	env.registerFunction(
		"SetLibrary.contains(list, list): bool",
		(_: unknown, a: readonly unknown[], b: readonly unknown[]) => holds(a, b),
	);
	env.registerFunction(
		"SetLibrary.equivalent(list, list): bool",
		(_: unknown, a: readonly unknown[], b: readonly unknown[]) => holds(a, b) && holds(b, a),
	);
	env.registerFunction(
		"SetLibrary.intersects(list, list): bool",
		(_: unknown, a: readonly unknown[], b: readonly unknown[]) => a.some((one) => b.some((other) => same(one, other))),
	);
};
