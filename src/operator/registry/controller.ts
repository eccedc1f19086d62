import { parseRegistry } from "#/api/kinds/registry.ts";
import type { Controller } from "#/kube/controller/controller.ts";
import { mappedObjects, type Source } from "#/kube/controller/source.ts";
import { type KubeObject, keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { createRegistryReconcile, type RegistryDeps } from "./index.ts";
import { indexByRegistry } from "./observe.ts";
import { secretReferences } from "./secret-references.ts";

/** What {@link registryController} is made of. */
export interface RegistryControllerDeps extends RegistryDeps {
	/** Secrets, of which only the names are looked at; absent: changes of Secrets are found at the next look. */
	readonly secrets: ObjectStore | undefined;
}

/** The controller of Registries: what wakes it, and what it does. */
export const registryController = (deps: RegistryControllerDeps): Controller => {
	const { registries, projects, robotAccounts, namespaces, secrets } = deps;
	return {
		name: "registry",
		objects: registries,
		sources: [
			departures("projects", projects, indexByRegistry),
			departures("robotaccounts", robotAccounts, indexByRegistry),
			...(secrets === undefined ? [] : [mappedObjects("secrets", secrets, (secret) => naming(registries, secret))]),
			planeChanges(deps),
			actuatorChanges(deps),
		],
		caches: { namespaces },
		reconcile: createRegistryReconcile(deps),
	};
};

/** What concerns others only when it goes, which they may wait for. */
const departures = (name: string, store: ObjectStore, map: (object: KubeObject) => readonly ObjectKey[]): Source => ({
	name,
	get synced() {
		return store.synced;
	},
	subscribe: (wake) =>
		store.subscribe(({ before, after }) => {
			if (before === undefined || after !== undefined) return;
			for (const key of map(before)) wake(key);
		}),
});

/** The Registries that refer to a Secret. Registries are few. */
const naming = (registries: ObjectStore, { metadata: { namespace, name } }: KubeObject): readonly ObjectKey[] =>
	[...registries.list()].flatMap((object) => {
		const parsed = object.metadata.namespace === namespace ? parseRegistry(object) : undefined;
		if (parsed === undefined || "invalid" in parsed) return [];
		return secretReferences(parsed.resource.spec).some(({ secret }) => secret === name) ? [keyOf(object.metadata)] : [];
	});

/** A data plane that came, went or began anew, and what it says of users. */
const planeChanges = ({ planes }: RegistryDeps): Source => ({
	name: "planes",
	synced: true,
	subscribe: (wake) =>
		planes.subscribe(({ registry, uids }) => {
			const concerns = uids === undefined || [...uids].some((uid) => uid.startsWith("user-"));
			if (concerns) wake(registry.key);
		}),
});

const actuatorChanges = ({ actuator }: RegistryDeps): Source => ({
	name: "actuator",
	synced: true,
	subscribe: (wake) => actuator.subscribe((key) => wake(key)),
});
