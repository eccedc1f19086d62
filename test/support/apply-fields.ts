type Json = { readonly [field: string]: unknown };

/** What one manager applied before and wants now, and what the others have applied. */
interface Application {
	readonly before: Json;
	readonly wanted: Json;
	readonly others: readonly Json[];
}

/**
 * Server-side apply as far as tests of controllers go, without conflicts: what the manager wants is set, and what it
 * had applied before and no longer wants goes, unless another applied it too. Lists are replaced whole.
 */
export const applyFields = (present: Json, { before, wanted, others }: Application): Json => {
	const result: { [field: string]: unknown } = { ...present };
	for (const key of Object.keys(before)) {
		if (key in wanted) continue;
		const kept = without(
			result[key],
			before[key],
			others.map((other) => other[key]),
		);
		if (kept === undefined) delete result[key];
		else result[key] = kept;
	}
	for (const [key, value] of Object.entries(wanted)) {
		result[key] = applyValue(result[key], {
			before: before[key],
			wanted: value,
			others: others.map((other) => other[key]),
		});
	}
	return result;
};

const applyValue = (
	present: unknown,
	{ before, wanted, others }: { before: unknown; wanted: unknown; others: readonly unknown[] },
): unknown => {
	if (!isRecord(wanted)) return wanted;
	return applyFields(toRecord(present), { before: toRecord(before), wanted, others: others.map(toRecord) });
};

/** What is left of a value when what a manager had applied of it goes, but for what others applied too. */
const without = (present: unknown, applied: unknown, others: readonly unknown[]): unknown => {
	if (!isRecord(present) || !isRecord(applied)) {
		return others.some((other) => other !== undefined) ? present : undefined;
	}
	const left = Object.entries(present).flatMap(([key, value]) => {
		const theirs = others.map((other) => toRecord(other)[key]);
		const rest = key in applied ? without(value, applied[key], theirs) : value;
		return rest === undefined ? [] : [[key, rest] as const];
	});
	return left.length === 0 ? undefined : Object.fromEntries(left);
};

const isRecord = (value: unknown): value is Json =>
	typeof value === "object" && value !== null && !Array.isArray(value);

const toRecord = (value: unknown): Json => (isRecord(value) ? value : {});
