import { isDeepStrictEqual } from "node:util";
import { isRecord, type JsonRecord } from "#/kube-embedded/schema/json-record.ts";
import { editAt, pointerSteps, valueAt } from "./json-pointer.ts";
import { PatchError } from "./patch-error.ts";

/** More would be a way to keep the server busy. */
const mostOperations = 10_000;

const add = (document: unknown, path: readonly string[], value: unknown): unknown =>
	editAt(document, path, {
		existing: false,
		list: (list, place) => list.toSpliced(place, 0, value),
		field: () => ({ value }),
	});

const remove = (document: unknown, path: readonly string[]): unknown =>
	editAt(document, path, {
		existing: true,
		list: (list, place) => list.toSpliced(place, 1),
		field: () => undefined,
	});

const replace = (document: unknown, path: readonly string[], value: unknown): unknown =>
	editAt(document, path, {
		existing: true,
		list: (list, place) => list.with(place, value),
		field: () => ({ value }),
	});

const move = (document: unknown, from: readonly string[], path: readonly string[]): unknown => {
	if (path.length > from.length && from.every((step, at) => step === path[at]))
		throw new PatchError("INVALID", "a value cannot be moved into itself");
	const value = valueAt(document, from);
	return add(remove(document, from), path, value);
};

const findAt = (document: unknown, path: readonly string[]): unknown => {
	try {
		return valueAt(document, path);
	} catch (error) {
		if (error instanceof PatchError) return undefined;
		throw error;
	}
};

const test = (document: unknown, path: readonly string[], value: unknown): unknown => {
	if (!isDeepStrictEqual(findAt(document, path), value))
		throw new PatchError("TEST_FAILED", `testing path /${path.join("/")}: it has another value`);
	return document;
};

const givenValue = (operation: JsonRecord): unknown => {
	if (!Object.hasOwn(operation, "value")) throw new PatchError("INVALID", "an operation lacks its value");
	return operation.value;
};

const run = (document: unknown, operation: unknown): unknown => {
	if (!isRecord(operation)) throw new PatchError("INVALID", "an operation of a JSON patch is an object");
	const path = pointerSteps(operation.path);
	switch (operation.op) {
		case "add":
			return add(document, path, givenValue(operation));
		case "remove":
			return remove(document, path);
		case "replace":
			return replace(document, path, givenValue(operation));
		case "move":
			return move(document, pointerSteps(operation.from), path);
		case "copy":
			return add(document, path, valueAt(document, pointerSteps(operation.from)));
		case "test":
			return test(document, path, givenValue(operation));
		default:
			throw new PatchError("INVALID", `unknown operation ${JSON.stringify(operation.op)}`);
	}
};

/** Applies a JSON patch (RFC 6902): all of it, or nothing. @throws PatchError INVALID, TEST_FAILED */
export const jsonPatch = (document: unknown, patch: unknown): unknown => {
	if (!Array.isArray(patch)) throw new PatchError("INVALID", "a JSON patch is a list of operations");
	if (patch.length > mostOperations)
		throw new PatchError("INVALID", `a JSON patch has at most ${mostOperations} operations`);
	return patch.reduce<unknown>(run, document);
};
