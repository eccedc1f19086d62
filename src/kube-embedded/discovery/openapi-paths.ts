import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";

/** A media type with the schema of what it carries. */
const carrying = (types: readonly string[], schema: unknown): unknown =>
	Object.fromEntries(types.map((type) => [type, { schema }]));

const text = (name: string, where: "path" | "query", description: string): unknown => ({
	name,
	in: where,
	description,
	...(where === "path" ? { required: true } : {}),
	schema: { type: "string", uniqueItems: true },
});

/** Clients look for these two, to learn whether the server can do them. */
const WRITE_PARAMETERS: readonly unknown[] = [
	text("dryRun", "query", "When present, indicates that modifications should not be persisted: All."),
	text("fieldManager", "query", "A name associated with the actor or entity that is making these changes."),
	text("fieldValidation", "query", "What to do with unknown or duplicate fields: Ignore, Warn or Strict."),
];

const FORCE = {
	name: "force",
	in: "query",
	description: "Take over fields that other managers own, when applying.",
	schema: { type: "boolean", uniqueItems: true },
};

const LIST_PARAMETERS: readonly unknown[] = [
	text("labelSelector", "query", "Restricts the list by labels."),
	text("fieldSelector", "query", "Restricts the list by fields."),
	text("limit", "query", "How many objects at most."),
	text("continue", "query", "From the page before."),
];

interface Operation {
	readonly kind: ServedKind;
	readonly action: string;
	readonly schema: string;
	readonly parameters?: readonly unknown[];
	readonly body?: unknown;
}

const reference = (name: string): unknown => ({ $ref: `#/components/schemas/${name}` });

const operation = ({ kind: { type }, action, schema, parameters = [], body }: Operation): unknown => ({
	description: `${action} of ${type.plural}`,
	operationId: `${action}${type.group.replace(/[^A-Za-z0-9]/g, "")}${type.version}${type.kind}`,
	parameters,
	...(body === undefined ? {} : { requestBody: { content: body, required: true } }),
	responses: { 200: { description: "OK", content: carrying(["application/json"], reference(schema)) } },
	"x-kubernetes-action": action,
	"x-kubernetes-group-version-kind": { group: type.group, version: type.version, kind: type.kind },
});

const PATCH_TYPES = ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];

const objectOperations = (kind: ServedKind, schema: string): unknown => {
	const types = kind.crd === undefined ? [...PATCH_TYPES, "application/strategic-merge-patch+json"] : PATCH_TYPES;
	const parameters = WRITE_PARAMETERS;
	const body = carrying(["application/json"], reference(schema));
	const patch = { kind, action: "patch", schema, parameters: [...parameters, FORCE] };
	return {
		get: operation({ kind, action: "get", schema }),
		put: operation({ kind, action: "put", schema, parameters, body }),
		patch: operation({ ...patch, body: carrying(types, { type: "object" }) }),
		delete: operation({ kind, action: "delete", schema, parameters: WRITE_PARAMETERS.slice(0, 1) }),
	};
};

/** The paths of a kind with what can be done there, as OpenAPI v3 has them. @param names schemas by kind */
export const openApiPaths = (
	kind: ServedKind,
	names: ReadonlyMap<string, string>,
): Readonly<Record<string, unknown>> => {
	const { group, version, plural, namespaced } = kind.type;
	const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
	const schema = names.get(kind.type.kind) ?? "";
	const list = names.get(kind.listKind) ?? names.get(`${kind.type.kind}List`) ?? schema;
	const inside = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
	const namespace = namespaced
		? [text("namespace", "path", "object name and auth scope, such as for teams and projects")]
		: [];
	const name = text("name", "path", `name of the ${kind.type.kind}`);
	const body = carrying(["application/json"], reference(schema));
	const lists = operation({ kind, action: "list", schema: list, parameters: LIST_PARAMETERS });
	const objects = {
		get: lists,
		post: operation({ kind, action: "post", schema, parameters: WRITE_PARAMETERS, body }),
		parameters: namespace,
	};
	const one = Object.assign({}, objectOperations(kind, schema), { parameters: [...namespace, name] });
	return {
		...(namespaced ? { [`${root}/${plural}`]: { get: lists } } : {}),
		[inside]: objects,
		[`${inside}/{name}`]: one,
		...(kind.hasStatus ? { [`${inside}/{name}/status`]: one } : {}),
	};
};
