import type { Environment } from "@marcbachmann/cel-js";
import { Quantity } from "./quantity.ts";

const parse = (text: string): Quantity => {
	const quantity = Quantity.parse(text);
	if (quantity === undefined) throw new Error("quantities must match the regular expression of a quantity");
	return quantity;
};

/** Kubernetes' quantity library. */
export const addQuantityFunctions = (env: Environment): void => {
	env.registerType("kubernetes.Quantity", Quantity);
	env.registerFunction("quantity(string): kubernetes.Quantity", parse);
	env.registerFunction("isQuantity(string): bool", (text: string) => Quantity.parse(text) !== undefined);
	env.registerFunction("kubernetes.Quantity.sign(): int", (one: Quantity) =>
		one.nanos > 0n ? 1n : one.nanos < 0n ? -1n : 0n,
	);
	env.registerFunction("kubernetes.Quantity.isInteger(): bool", (one: Quantity) => one.isInteger);
	env.registerFunction("kubernetes.Quantity.asInteger(): int", (one: Quantity) => one.integer);
	env.registerFunction("kubernetes.Quantity.asApproximateFloat(): double", (one: Quantity) => one.float);
	env.registerFunction("kubernetes.Quantity.compareTo(kubernetes.Quantity): int", (a: Quantity, b: Quantity) =>
		BigInt(a.compare(b)),
	);
	env.registerFunction(
		"kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool",
		(a: Quantity, b: Quantity) => a.compare(b) < 0,
	);
	env.registerFunction(
		"kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool",
		(a: Quantity, b: Quantity) => a.compare(b) > 0,
	);
	env.registerOperator("kubernetes.Quantity == kubernetes.Quantity", (a: Quantity, b: Quantity) => a.compare(b) === 0);
	for (const [name, sign] of [
		["add", 1n],
		["sub", -1n],
	] as const) {
		env.registerFunction(
			`kubernetes.Quantity.${name}(kubernetes.Quantity): kubernetes.Quantity`,
			(a: Quantity, b: Quantity) => new Quantity(a.nanos + sign * b.nanos),
		);
		env.registerFunction(
			`kubernetes.Quantity.${name}(int): kubernetes.Quantity`,
			(a: Quantity, b: bigint) => new Quantity(a.nanos + sign * b * 1_000_000_000n),
		);
	}
};
