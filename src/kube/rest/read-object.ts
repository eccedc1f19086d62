import type { ObjectPage, WatchEvent } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { apiVersionOf, type ResourceType } from "#/kube/resource-type.ts";
import { causedBy } from "./caused-by.ts";
import { readStatus } from "./read-failure.ts";

/** The object in an answer. @throws KubeError UNKNOWN when there is none */
export const readObject = (what: string, value: unknown): KubeObject => {
	if (!isObject(value)) throw new KubeError("UNKNOWN", `${what}: the answer is no Kubernetes object`);
	return value;
};

/**
 * The page in an answer. Items of a list come without their type, so they are given it.
 *
 * @throws KubeError UNKNOWN when it is no list
 */
export const readPage = (what: string, type: ResourceType, value: unknown): ObjectPage => {
	const { items, metadata } = fieldsOf(value);
	const { resourceVersion, continue: next } = fieldsOf(metadata);
	// Go writes an empty list as null.
	if ((!Array.isArray(items) && items !== null) || typeof resourceVersion !== "string") {
		throw new KubeError("UNKNOWN", `${what}: the answer is no list`);
	}
	const head = { apiVersion: apiVersionOf(type), kind: type.kind };
	return {
		items: (items ?? []).map((item: unknown) => readObject(what, { ...head, ...fieldsOf(item) })),
		resourceVersion,
		next: typeof next === "string" && next !== "" ? next : undefined,
	};
};

/** The event in a line of a watch. @throws KubeError what an ERROR event says; UNKNOWN when it is no event */
export const readEvent = (what: string, line: string): WatchEvent => {
	const { type, object } = fieldsOf(parse(what, line));
	if (type === "ERROR") throw readStatus(what, object);
	if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED" && type !== "BOOKMARK") {
		throw new KubeError("UNKNOWN", `${what}: an event of no known type`);
	}
	const { metadata } = fieldsOf(object);
	// Bookmarks have nothing but a resource version.
	const named = type === "BOOKMARK" ? { ...fieldsOf(object), metadata: { name: "", ...fieldsOf(metadata) } } : object;
	return { type, object: readObject(what, named) };
};

const parse = (what: string, line: string): unknown => {
	try {
		return JSON.parse(line);
	} catch (cause) {
		throw causedBy(cause, "UNKNOWN", `${what}: an event that is no JSON`);
	}
};

const fieldsOf = (value: unknown): Record<string, unknown> =>
	typeof value === "object" && value !== null ? { ...value } : {};

const isObject = (value: unknown): value is KubeObject => {
	const { apiVersion, kind, metadata } = fieldsOf(value);
	return typeof apiVersion === "string" && typeof kind === "string" && typeof fieldsOf(metadata).name === "string";
};
