import { parseRegistry, type Registry } from "#/api/kinds/registry.ts";
import type { Controller } from "#/kube/controller/controller.ts";
import { mappedObjects, type Source } from "#/kube/controller/source.ts";
import { type KubeObject, keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { partsOf, specPart } from "#/operator/sources.ts";
import { createRegistryReconcile, type RegistryDeps } from "./index.ts";
import { BY_REGISTRY, indexByRegistry } from "./observe.ts";
import { findRecovery } from "./recovery.ts";
import { secretReferences } from "./secret-references.ts";

/** What {@link registryController} is made of. */
export interface RegistryControllerDeps extends RegistryDeps {
	/** Secrets, of which only the names are looked at; absent: changes of Secrets are found at the next look. */
	readonly secrets: ObjectStore | undefined;
}

/** The controller of Registries: what wakes it, and what it does. */
export const registryController = (deps: RegistryControllerDeps): Controller => {
	const { registries, projects, robotAccounts, backups, namespaces, secrets } = deps;
	return {
		name: "registry",
		objects: registries,
		sources: [
			departures("projects", projects, indexByRegistry),
			departures("robotaccounts", robotAccounts, indexByRegistry),
			...(secrets === undefined ? [] : [mappedObjects("secrets", secrets, (secret) => naming(deps, secret))]),
			partsOf("backups", backups, endPart, (backup) => [...indexByRegistry(backup), ...beginningWith(deps, backup)]),
			partsOf("other registries", registries, specPart, (registry) => restoredFrom(deps, registry)),
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

/** What of a Backup matters to Registries: that it is there, and what it came to. */
const endPart = ({ metadata: { uid, deletionTimestamp }, status }: KubeObject): unknown => {
	const { stoppedAt, backupId }: { readonly [field: string]: unknown } = { ...(isRecord(status) ? status : {}) };
	return [uid, deletionTimestamp, stoppedAt, backupId];
};

const isRecord = (value: unknown): value is { readonly [field: string]: unknown } =>
	typeof value === "object" && value !== null;

/** The Registries of a namespace of which something holds. Registries are few. */
const inNamespace = (
	{ registries }: RegistryDeps,
	namespace: string | undefined,
	holds: (registry: Registry) => boolean,
): readonly ObjectKey[] =>
	[...registries.list()].flatMap((object) => {
		const parsed = object.metadata.namespace === namespace ? parseRegistry(object) : undefined;
		if (parsed === undefined || "invalid" in parsed) return [];
		return holds(parsed.resource) ? [keyOf(object.metadata)] : [];
	});

/** Those that refer to a Secret. */
const naming = (deps: RegistryDeps, { metadata: { namespace, name } }: KubeObject): readonly ObjectKey[] =>
	inNamespace(deps, namespace, (registry) => {
		const found = findRecovery(deps, registry);
		const recovery = found.is === "Wanted" ? found.wanted : undefined;
		return secretReferences({ spec: registry.spec, recovery }).some(({ secret }) => secret === name);
	});

/** Those that are to begin with a Backup, and have not. */
const beginningWith = (deps: RegistryDeps, { metadata: { namespace, name } }: KubeObject): readonly ObjectKey[] =>
	inNamespace(
		deps,
		namespace,
		({ spec, status }) => spec.bootstrap?.recovery.backupRef?.name === name && status.restoredTime === undefined,
	);

/** Those that are to begin with a Backup of a Registry, and have not. */
const restoredFrom = (deps: RegistryDeps, { metadata: { namespace, name } }: KubeObject): readonly ObjectKey[] =>
	deps.backups.by(BY_REGISTRY, `${namespace}/${name}`).flatMap((backup) => beginningWith(deps, backup));

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
