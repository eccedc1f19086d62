import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import { PatchError } from "./patch-error.ts";

/** The steps of a JSON pointer (RFC 6901). @throws PatchError INVALID */
export const pointerSteps = (pointer: unknown): readonly string[] => {
	if (pointer === "") return [];
	if (typeof pointer !== "string" || !pointer.startsWith("/"))
		throw new PatchError("INVALID", `not a JSON pointer: ${JSON.stringify(pointer)}`);
	return pointer
		.slice(1)
		.split("/")
		.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
};

const missing = (step: string): PatchError => new PatchError("INVALID", `the path has no ${JSON.stringify(step)}`);

const placeIn = (list: readonly unknown[], step: string, most: number): number => {
	const place = step === "-" ? list.length : /^(0|[1-9]\d*)$/.test(step) ? Number(step) : Number.NaN;
	if (!(place <= most)) throw missing(step);
	return place;
};

/** The value at a path. @throws PatchError INVALID when there is none */
export const valueAt = (value: unknown, steps: readonly string[]): unknown => {
	let at = value;
	for (const step of steps)
		if (Array.isArray(at)) at = at[placeIn(at, step, at.length - 1)];
		else if (isRecord(at) && Object.hasOwn(at, step)) at = at[step];
		else throw missing(step);
	return at;
};

/** What is done to the value that holds the end of a path. */
export interface PointedEdit {
	readonly list: (list: readonly unknown[], place: number) => readonly unknown[];
	/** Absent: the field goes. */
	readonly field: (value: unknown) => { readonly value: unknown } | undefined;
	/** Whether the end of the path must be there already. */
	readonly existing: boolean;
}

/** The value with the end of a path edited; the given one is left as it is. @throws PatchError INVALID */
export const editAt = (value: unknown, steps: readonly string[], edit: PointedEdit): unknown => {
	const [step, ...rest] = steps;
	if (step === undefined) return edit.field(value)?.value;
	if (Array.isArray(value)) {
		if (rest.length === 0) return edit.list(value, placeIn(value, step, value.length - (edit.existing ? 1 : 0)));
		const place = placeIn(value, step, value.length - 1);
		return value.with(place, editAt(value[place], rest, edit));
	}
	if (!isRecord(value)) throw missing(step);
	const there = Object.hasOwn(value, step);
	if (!there && (edit.existing || rest.length > 0)) throw missing(step);
	if (rest.length > 0) return { ...value, [step]: editAt(value[step], rest, edit) };
	const { [step]: old, ...others } = value;
	const next = edit.field(old);
	return next === undefined ? others : { ...value, [step]: next.value };
};
