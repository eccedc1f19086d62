import type { FieldCause } from "./kind-rules.ts";

/** A value as the API server prints it in messages: strings quoted, the rest as JSON. */
const shown = (value: unknown): string => JSON.stringify(value) ?? "null";

/** A value that must be there is not. */
export const required = (field: string, detail = ""): FieldCause => ({
	reason: "FieldValueRequired",
	field,
	message: detail === "" ? "Required value" : `Required value: ${detail}`,
});

/** A value that may not be. */
export const invalid = (field: string, value: unknown, detail: string): FieldCause => ({
	reason: "FieldValueInvalid",
	field,
	message: `Invalid value: ${shown(value)}: ${detail}`,
});

/** A value that may not be and is too large to be shown. */
export const invalidWhole = (field: string, detail: string): FieldCause => ({
	reason: "FieldValueInvalid",
	field,
	message: `Invalid value: ${detail}`,
});

/** A value of another type than the schema says. */
export const typeInvalid = (field: string, value: unknown, detail: string): FieldCause => ({
	reason: "FieldValueTypeInvalid",
	field,
	message: `Invalid value: ${shown(value)}: ${detail}`,
});

/** A value that is none of the allowed ones. */
export const notSupported = (field: string, value: unknown, allowed: readonly unknown[]): FieldCause => {
	const names = allowed.map((one) => JSON.stringify(typeof one === "string" ? one : shown(one)));
	return {
		reason: "FieldValueNotSupported",
		field,
		message: `Unsupported value: ${shown(value)}: supported values: ${names.join(", ")}`,
	};
};

/** A string or an object that is too long. */
export const tooLong = (field: string, most: number): FieldCause => ({
	reason: "FieldValueTooLong",
	field,
	message: `Too long: may not be more than ${most} ${most === 1 ? "byte" : "bytes"}`,
});

/** More entries than there may be. */
export const tooMany = (field: string, actual: number, most: number): FieldCause => ({
	reason: "FieldValueTooMany",
	field,
	message: `Too many: ${actual}: must have at most ${most} ${most === 1 ? "item" : "items"}`,
});

/** A value that was there before, in a list that holds each once. */
export const duplicate = (field: string, value: unknown): FieldCause => ({
	reason: "FieldValueDuplicate",
	field,
	message: `Duplicate value: ${shown(value)}`,
});

/** A value that may not be given here. */
export const forbidden = (field: string, detail: string): FieldCause => ({
	reason: "FieldValueForbidden",
	field,
	message: detail === "" ? "Forbidden" : `Forbidden: ${detail}`,
});
