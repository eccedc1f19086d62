import { randomBytes } from "node:crypto";
import type { KubeObject } from "#/kube/kube-object.ts";
import { keyOf } from "#/kube/kube-object.ts";
import { clusterSettingsOf } from "#/operator/registry/cluster/cluster-settings.ts";
import { objectsOf } from "#/operator/registry/cluster/objects.ts";
import { ensureControlSecret, ensureMasterKey } from "#/operator/registry/cluster/own-secrets.ts";
import { wantedOf } from "../../operator/registry/cluster/wanted.ts";
import { forever } from "../registry.ts";

/** What the operator makes for a Registry of that spec, Secrets and all. */
export const registryObjects = async (spec: { readonly [field: string]: unknown }): Promise<readonly KubeObject[]> => {
	const wanted = wantedOf(spec);
	const owner = { apiVersion: "limani.dev/v1alpha1", kind: "Registry", name: wanted.name, uid: wanted.uid };
	const secrets = new Map<string, KubeObject>();
	const put = async (_type: unknown, object: KubeObject): Promise<KubeObject> => {
		secrets.set(keyOf(object.metadata), object);
		return object;
	};
	const deps = {
		client: {
			find: async (_type: unknown, at: { name: string; namespace?: string | undefined }) => secrets.get(keyOf(at)),
			create: put,
			replace: put,
		},
		now: Date.now,
		randomBytes,
	};
	await ensureControlSecret(deps, wanted, owner, forever);
	await ensureMasterKey(deps, wanted, async () => false, forever);
	const objects = objectsOf({
		registry: wanted,
		spec: wanted.spec,
		classVolumes: [],
		settings: clusterSettingsOf(wanted),
		defaultImage: "localhost/limani",
		revision: "1",
		owner,
		operator: { namespace: "limani", labels: { app: "limani-operator" } },
	});
	return [...objects, ...secrets.values()];
};
