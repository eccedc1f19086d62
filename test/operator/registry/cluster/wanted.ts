import { parseRegistry, type RegistrySpec } from "#/api/kinds/registry.ts";
import { withConnection } from "#/operator/registry/own-database.ts";
import type { WantedRecovery, WantedRegistry } from "#/operator/registry/wanted-registry.ts";

/** A spec as the API server would give it: with its defaults. */
export const specOf = (spec: { readonly [field: string]: unknown }): RegistrySpec => {
	const parsed = parseRegistry({
		apiVersion: "limani.dev/v1alpha1",
		kind: "Registry",
		metadata: { name: "app", namespace: "team-a", uid: "registry-1", generation: 1 },
		spec,
	});
	if ("invalid" in parsed) throw new Error(parsed.invalid);
	return parsed.resource.spec;
};

/**
 * The Registry `team-a/app`.
 *
 * @param secrets versions of the Secrets that it refers to
 * @param recovery what it begins with; absent: nothing
 */
export const wantedOf = (
	spec: { readonly [field: string]: unknown } = {},
	secrets: { readonly [name: string]: string } = {},
	recovery?: WantedRecovery,
): WantedRegistry => ({
	uid: "registry-1",
	namespace: "team-a",
	name: "app",
	spec: withConnection("app", specOf(spec)),
	recovery,
	secrets: new Map(Object.keys(secrets).map((name) => [name, { value: Buffer.from(`content of ${name}`) }])),
	secretVersions: new Map(Object.entries(secrets)),
});
