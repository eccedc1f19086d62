import { z } from "zod";
import type { Rendered } from "./render.ts";

const policyRule = z.strictObject({
	apiGroups: z.array(z.string()),
	resources: z.array(z.string()),
	resourceNames: z.array(z.string()).optional(),
	verbs: z.array(z.string()),
});

/** A rule of a Role or ClusterRole. */
export type PolicyRule = z.output<typeof policyRule>;

/** What somebody may do, and where. */
export interface Grant {
	/** Absent: everywhere. */
	readonly namespace: string | undefined;
	readonly rule: PolicyRule;
}

/** What somebody asks for. */
export interface Access {
	readonly verb: string;
	readonly group: string;
	/** With its subresource: `registries/status`. */
	readonly resource: string;
	readonly namespace: string | undefined;
	readonly name: string | undefined;
}

const role = z.looseObject({ rules: z.array(policyRule) });
const binding = z.looseObject({
	roleRef: z.object({ apiGroup: z.string(), kind: z.string(), name: z.string() }),
	subjects: z.array(z.object({ kind: z.string(), name: z.string(), namespace: z.string() })),
});

/** The rules of a Role or ClusterRole. */
export const rulesOf = (object: Rendered): readonly PolicyRule[] => role.parse(object).rules;

/** What the bindings among these objects grant a service account. @throws Error when a role that is bound is not there */
export const grantsOf = (
	objects: readonly Rendered[],
	account: { readonly name: string; readonly namespace: string },
): readonly Grant[] =>
	objects
		.filter(({ kind }) => kind === "RoleBinding" || kind === "ClusterRoleBinding")
		.flatMap((object) => {
			const { roleRef, subjects } = binding.parse(object);
			const { namespace } = object.metadata;
			const isBound = subjects.some(({ name, namespace }) => name === account.name && namespace === account.namespace);
			if (!isBound) return [];
			const found = objects.find(
				({ kind, metadata }) =>
					kind === roleRef.kind &&
					metadata.name === roleRef.name &&
					(kind === "ClusterRole" || metadata.namespace === namespace),
			);
			if (found === undefined) throw new Error(`${object.metadata.name} binds ${roleRef.name}, which is not there`);
			return rulesOf(found).map((rule) => ({ namespace, rule }));
		});

/** Whether a grant allows it, as the API server's RBAC judges. */
export const allows = ({ namespace, rule }: Grant, access: Access): boolean =>
	(namespace === undefined || namespace === access.namespace) &&
	rule.apiGroups.includes(access.group) &&
	rule.resources.includes(access.resource) &&
	rule.verbs.includes(access.verb) &&
	(rule.resourceNames === undefined || (access.name !== undefined && rule.resourceNames.includes(access.name)));

const VERBS: { readonly [method: string]: string } = { POST: "create", PUT: "update", PATCH: "patch" };

/** A request to an API server, its path without the query. */
export interface AskedRequest {
	readonly method: string;
	readonly path: string;
	readonly isWatch: boolean;
}

/** What a request to an API server asks for; undefined: for nothing that a rule would be about. */
export const accessOf = ({ method, path: pathname, isWatch }: AskedRequest): Access | undefined => {
	const [, coreVersion, group, , rest = ""] = /^\/(?:api\/(v1)|apis\/([^/]+)\/([^/]+))\/(.+)$/.exec(pathname) ?? [];
	if (rest === "") return undefined;
	const [, namespace, path = rest] = /^namespaces\/([^/]+)\/(.+)$/.exec(rest) ?? [];
	const [plural = "", name, subresource] = path.split("/").map(decodeURIComponent);
	const isMany = name === undefined;
	const read = isWatch ? "watch" : isMany ? "list" : "get";
	const verb = method === "GET" ? read : method === "DELETE" ? (isMany ? "deletecollection" : "delete") : VERBS[method];
	if (verb === undefined) return undefined;
	return {
		verb,
		group: coreVersion === undefined ? (group ?? "") : "",
		resource: subresource === undefined ? plural : `${plural}/${subresource}`,
		namespace,
		// The name of what is created stands in the body, where authorization does not look.
		name: verb === "create" ? undefined : name,
	};
};
