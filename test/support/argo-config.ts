import assert from "node:assert/strict";
import { parse } from "yaml";
import { z } from "zod";
import type { KubeObject } from "#/kube/kube-object.ts";
import { runLua } from "./run-lua.ts";

const configMapSchema = z.object({
	kind: z.literal("ConfigMap"),
	metadata: z.object({ name: z.literal("argocd-cm") }),
	// What may be a key of a ConfigMap.
	data: z.record(z.string().regex(/^[-._a-zA-Z0-9]+$/), z.string()),
});

const actionsSchema = z.strictObject({
	"discovery.lua": z.string(),
	definitions: z.array(z.strictObject({ name: z.string(), "action.lua": z.string() })),
});

const healthSchema = z.strictObject({
	status: z.enum(["Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown"]),
	message: z.string().exactOptional(),
});

const discoveredSchema = z.record(z.string(), z.strictObject({ disabled: z.boolean() }));

/** How Argo CD sees a resource. */
export type ArgoHealth = z.output<typeof healthSchema>;

/** What Argo CD does with resources, by its configuration. */
export interface ArgoConfig {
	/** The health of a resource. @throws when there is no script for its kind, or its answer is none */
	healthOf(object: KubeObject): ArgoHealth;
	/** The names of the actions that may be chosen for it now, and of those that may not. */
	actionsOf(object: KubeObject): { readonly enabled: readonly string[]; readonly disabled: readonly string[] };
	/** The names of all actions that its kind has a script for. */
	definedFor(object: Pick<KubeObject, "apiVersion" | "kind">): readonly string[];
	/** What the resource is to become by an action. */
	act(object: KubeObject, name: string): unknown;
}

/** Reads the ConfigMap `argocd-cm` the way Argo CD does, and runs its scripts. */
export const readArgoConfig = (configMap: unknown): ArgoConfig => {
	const { data } = configMapSchema.parse(configMap);
	const find = (what: string, { apiVersion = "", kind }: Pick<KubeObject, "apiVersion" | "kind">): string =>
		data[`resource.customizations.${what}.${apiVersion.split("/")[0]}_${kind}`] ?? assert.fail(`${kind}: no ${what}`);
	const actions = (object: Pick<KubeObject, "apiVersion" | "kind">) =>
		actionsSchema.parse(parse(find("actions", object)));
	return {
		healthOf: (object) => healthSchema.parse(runLua(find("health", object), object)),
		actionsOf: (object) => {
			const found = Object.entries(discoveredSchema.parse(runLua(actions(object)["discovery.lua"], object)));
			const names = (isDisabled: boolean) =>
				found.flatMap(([name, { disabled }]) => (disabled === isDisabled ? [name] : [])).toSorted();
			return { enabled: names(false), disabled: names(true) };
		},
		definedFor: (object) => actions(object).definitions.map(({ name }) => name),
		act: (object, name) => {
			const action = actions(object).definitions.find((one) => one.name === name) ?? assert.fail(name);
			return likeBefore(runLua(action["action.lua"], object), object);
		},
	};
};

/** What was an empty object is one again: Lua has but one empty table. */
const likeBefore = (after: unknown, before: unknown): unknown => {
	if (typeof after !== "object" || after === null || typeof before !== "object" || before === null) return after;
	if (Array.isArray(after) && !Array.isArray(before)) return after.length === 0 ? before : after;
	if (Array.isArray(after)) return after.map((entry, i) => likeBefore(entry, Reflect.get(before, i)));
	return Object.fromEntries(
		Object.entries(after).map(([name, field]) => [name, likeBefore(field, Reflect.get(before, name))]),
	);
};
