import { stringify } from "yaml";
import type { RawRequest } from "./peer.ts";

/** A request with what it tries, in words. */
export interface ScriptStep extends RawRequest {
	readonly name: string;
	/** What of the answer is remembered, as names of fields; it stands for `{kept}` in paths from then on. */
	readonly keeps?: string;
	/** Before it the server forgets all versions but the newest. */
	readonly forgets?: true;
}

const APPLY = "application/apply-patch+yaml";
/** Media types of patches. */
export const MERGE = "application/merge-patch+json";
export const JSON_PATCH = "application/json-patch+json";
export const STRATEGIC = "application/strategic-merge-patch+json";
/** What `kubectl get` accepts. */
export const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
/** What controllers accept that want metadata alone. */
export const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

export const CORE = "/api/v1/namespaces/diff";
export const LIMANI = "/apis/limani.dev/v1alpha1/namespaces/diff";
/** Paths of collections. */
/** A Project, good unless `spec` is not. */
export const projects = `${LIMANI}/projects`;
/** A RobotAccount, good unless `spec` is not. */
export const robots = `${LIMANI}/robotaccounts`;
/** A ConfigMap. */
export const configMaps = `${CORE}/configmaps`;

/** A Project, good unless `spec` is not. */
export const project = (name: string, spec: object = {}, metadata: object = {}) => ({
	apiVersion: "limani.dev/v1alpha1",
	kind: "Project",
	metadata: { name, ...metadata },
	spec: { registryRef: { name: "main" }, ...spec },
});

/** A RobotAccount, good unless `spec` is not. */
export const robot = (name: string, spec: object = {}) => ({
	apiVersion: "limani.dev/v1alpha1",
	kind: "RobotAccount",
	metadata: { name },
	spec: { registryRef: { name: "main" }, permissions: [{ project: "web", actions: ["pull"] }], ...spec },
});

/** A ConfigMap. */
export const configMap = (name: string, data: object = { a: "1" }, metadata: object = {}) => ({
	apiVersion: "v1",
	kind: "ConfigMap",
	metadata: { name, ...metadata },
	data,
});

/** A request. */
export const step = (
	name: string,
	method: RawRequest["method"],
	path: string,
	rest: Partial<ScriptStep> = {},
): ScriptStep => ({
	name,
	method,
	path,
	...rest,
});

/** A server-side apply. */
export const apply = (name: string, path: string, body: object, query: string): ScriptStep =>
	step(name, "PATCH", `${path}?${query}`, { body: stringify(body), type: APPLY });
