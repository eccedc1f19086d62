import { parseRegistry, type RegistrySpec } from "#/api/kinds/registry.ts";
import { clusterSettingsOf } from "#/operator/registry/cluster/cluster-settings.ts";
import { objectsOf } from "#/operator/registry/cluster/objects.ts";
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

/** The objects of the Registry `team-a/app`, and the settings in them. */
export const build = (spec: { readonly [field: string]: unknown }, recovery?: WantedRecovery) => {
	const wanted = wantedOf(spec, { "s3-keys": "1", alice: "1", tls: "1" }, recovery);
	const settings = clusterSettingsOf(wanted);
	const owner = {
		apiVersion: "limani.dev/v1alpha1",
		kind: "Registry",
		name: "app",
		uid: "registry-1",
		controller: true,
	};
	const objects = objectsOf({
		registry: wanted,
		spec: wanted.spec,
		recovery,
		classVolumes: [],
		settings,
		defaultImage: "registry.example/limani:0.1.0",
		revision: "r1",
		owner,
		operator: { namespace: "limani", labels: { app: "limani-operator" } },
	});
	return { objects, settings };
};
