import { isDeepStrictEqual } from "node:util";
import { invalid, notSupported, tooLong, tooMany, typeInvalid } from "./causes.ts";
import { compilePattern } from "./compile-pattern.ts";
import { isOfFormat } from "./formats.ts";
import { isRecord } from "./json-record.ts";
import type { FieldCause } from "./kind-rules.ts";
import type { ValueBounds } from "./structural-schema.ts";

const patterns = new WeakMap<ValueBounds, RegExp | undefined>();

const patternOf = (bounds: ValueBounds, pattern: string): RegExp | undefined => {
	if (!patterns.has(bounds)) patterns.set(bounds, compilePattern(pattern));
	return patterns.get(bounds);
};

/** How a string is counted: in code points. */
const lengthOf = (text: string): number => [...text].length;

/** Of length and pattern only the first mistake is told. */
const shapeCause = (value: string, bounds: ValueBounds, path: string): FieldCause | undefined => {
	const { minLength, maxLength, pattern } = bounds;
	const length = lengthOf(value);
	if (maxLength !== undefined && length > maxLength) return tooLong(path, maxLength);
	if (minLength !== undefined && length < minLength)
		return invalid(path, value, `${path} in body should be at least ${minLength} chars long`);
	return pattern !== undefined && patternOf(bounds, pattern)?.test(value) === false
		? invalid(path, value, `${path} in body should match '${pattern}'`)
		: undefined;
};

const checkString = (value: string, bounds: ValueBounds, path: string): FieldCause[] => {
	const { format } = bounds;
	const shape = shapeCause(value, bounds, path);
	const causes = shape === undefined ? [] : [shape];
	if (format !== undefined && !isOfFormat(value, format))
		causes.push(typeInvalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`));
	return causes;
};

const isMultiple = (value: number, of: number): boolean => {
	const times = value / of;
	return Math.abs(times - Math.round(times)) < 1e-9;
};

const checkNumber = (value: number, bounds: ValueBounds, path: string): FieldCause[] => {
	const causes: FieldCause[] = [];
	const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = bounds;
	const refuse = (detail: string) => causes.push(invalid(path, value, `${path} in body should be ${detail}`));
	if (multipleOf !== undefined && !isMultiple(value, multipleOf)) refuse(`a multiple of ${multipleOf}`);
	if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
		refuse(`less than ${exclusiveMaximum ? "" : "or equal to "}${maximum}`);
	if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
		refuse(`greater than ${exclusiveMinimum ? "" : "or equal to "}${minimum}`);
	return causes;
};

const checkList = (value: readonly unknown[], bounds: ValueBounds, path: string): FieldCause[] => {
	const causes: FieldCause[] = [];
	const { minItems, maxItems, uniqueItems } = bounds;
	if (minItems !== undefined && value.length < minItems)
		causes.push(invalid(path, value.length, `${path} in body should have at least ${minItems} items`));
	if (maxItems !== undefined && value.length > maxItems) causes.push(tooMany(path, value.length, maxItems));
	if (uniqueItems && value.some((one, at) => value.slice(0, at).some((other) => isDeepStrictEqual(one, other))))
		causes.push(invalid(path, "", `${path} in body shouldn't contain duplicates`));
	return causes;
};

const checkCount = (value: object, bounds: ValueBounds, path: string): FieldCause[] => {
	const count = Object.keys(value).length;
	const { minProperties, maxProperties } = bounds;
	if (minProperties !== undefined && count < minProperties)
		return [invalid(path, count, `${path} in body should have at least ${minProperties} properties`)];
	return maxProperties !== undefined && count > maxProperties ? [tooMany(path, count, maxProperties)] : [];
};

/** What is wrong with a value by itself, whatever its type: enum, lengths, ranges, pattern, format, counts. */
export const checkBounds = (value: unknown, bounds: ValueBounds, path: string): FieldCause[] => {
	const causes: FieldCause[] = [];
	const { enumeration } = bounds;
	if (enumeration !== undefined && !enumeration.some((one) => isDeepStrictEqual(one, value)))
		causes.push(notSupported(path, value, enumeration));
	if (typeof value === "string") causes.push(...checkString(value, bounds, path));
	else if (typeof value === "number") causes.push(...checkNumber(value, bounds, path));
	else if (Array.isArray(value)) causes.push(...checkList(value, bounds, path));
	else if (isRecord(value)) causes.push(...checkCount(value, bounds, path));
	return causes;
};

/** The name that messages use for the type of a value. */
const typeName = (value: unknown): string => {
	if (value === null) return "null";
	if (Array.isArray(value)) return "array";
	if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
	return typeof value;
};

/** What is wrong with the type of a value. */
export const checkType = (value: unknown, type: string, path: string): FieldCause[] => {
	const name = typeName(value);
	return name === type || (type === "number" && name === "integer")
		? []
		: [typeInvalid(path, name, `${path} in body must be of type ${type}: ${JSON.stringify(name)}`)];
};
