import { parseRegistry, type Registry } from "#/api/kinds/registry.ts";
import { type KubeObject, keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { PlaneLink } from "#/operator/plane/plane-link.ts";
import type { Planes } from "#/operator/plane/planes.ts";
import { mayBind, type NamespaceFacts } from "./may-bind.ts";

/** What {@link findBinding} looks into. */
export interface BindingDeps {
	readonly registries: ObjectStore;
	readonly namespaces: ObjectStore;
	readonly planes: Pick<Planes, "find" | "isAbsent" | "isUnseen">;
}

/** A resource that names a Registry. */
export interface Binder {
	readonly metadata: { readonly namespace: string };
	readonly spec: { readonly registryRef: { readonly name: string; readonly namespace?: string } };
}

/** What a `registryRef` comes to. */
export interface Binding {
	/** Absent when there is none of that name that can be read. */
	readonly registry: Registry | undefined;
	/**
	 * Whether nothing that was ever wanted of it can still be there: it went, or it goes, was looked at, and speaks to
	 * nobody any more.
	 */
	readonly gone: boolean;
	/** Whether the Registry lets the namespace name it. */
	readonly allowed: boolean;
	/** To its data plane; absent while that cannot be spoken to. */
	readonly link: PlaneLink | undefined;
	/**
	 * Whether it is yet to be seen what the data plane has, as it is when the control plane has just begun. What was
	 * written down before still holds then, unless that lasts.
	 */
	readonly unseen: boolean;
	/** Why nothing can be wanted of it now; absent when it can. */
	readonly obstacle: { readonly reason: "DependencyNotReady" | "NotAllowed"; readonly message: string } | undefined;
}

/** The key of the Registry that a resource names: of its own namespace, unless it says otherwise. */
export const registryKeyOf = ({ metadata, spec: { registryRef } }: Binder): ObjectKey =>
	keyOf({ namespace: registryRef.namespace ?? metadata.namespace, name: registryRef.name });

/**
 * Finds the Registry that a resource names and asks for its consent. A Registry of another namespace that does not exist
 * is refused in the same words as one that does not consent.
 */
export const findBinding = ({ registries, namespaces, planes }: BindingDeps, binder: Binder): Binding => {
	const { namespace } = binder.metadata;
	const key = registryKeyOf(binder);
	const object = registries.get(key);
	const registry = readRegistry(object);
	const uid = object?.metadata.uid;
	const link = uid === undefined ? undefined : planes.find(uid);
	const isLeaving = object?.metadata.deletionTimestamp !== undefined;
	const found = {
		registry,
		link,
		gone: uid === undefined || (link === undefined && isLeaving && planes.isAbsent(uid)),
		unseen: uid !== undefined && isUnseen({ registry, isLeaving }, planes, uid),
	};
	if (registry === undefined) {
		if (!key.startsWith(`${namespace}/`)) return { ...found, ...refused(key, namespace) };
		return { ...found, ...unready(`Registry ${key} does not exist, or is not valid`) };
	}
	if (!mayBind(registry, namespaceFacts(namespaces.get(namespace), namespace))) {
		return { ...found, ...refused(key, namespace) };
	}
	if (link !== undefined) return { ...found, allowed: true, obstacle: undefined };
	return { ...found, ...unready(`Registry ${key} ${isLeaving ? "is being deleted" : "does not serve"}`) };
};

/**
 * Why a resource that is being deleted has to stay for now, and what ends that; absent when it is only a matter of its
 * data plane's answer.
 */
export const whyItStays = ({ registry, link, obstacle }: Binding): string | undefined => {
	if (link !== undefined || registry === undefined || registry.spec.replicas > 0) return obstacle?.message;
	const { namespace, name } = registry.metadata;
	return (
		`Registry ${namespace}/${name} has to let go of it and does not serve, as its spec.replicas is 0: ` +
		"scale it to 1, or delete it"
	);
};

/** What consent is judged by; of a namespace that is not known, its name alone. */
export const namespaceFacts = (object: KubeObject | undefined, name: string): NamespaceFacts => ({
	name,
	labels: object?.metadata.labels ?? {},
});

/** One that is to serve nobody, and says so, is not waited for. */
const isUnseen = (
	{ registry, isLeaving }: { readonly registry: Registry | undefined; readonly isLeaving: boolean },
	planes: BindingDeps["planes"],
	uid: string,
): boolean => {
	const isDown = !isLeaving && registry?.spec.replicas === 0;
	if (planes.find(uid) !== undefined) return planes.isUnseen(uid);
	return (!isDown && planes.isUnseen(uid)) || (!isLeaving && serves(registry));
};

/** Whether it served when its status was last written, and is to go on with it. */
const serves = (registry: Registry | undefined): boolean =>
	registry !== undefined &&
	registry.spec.replicas > 0 &&
	registry.status.conditions.some(({ type, status }) => type === "Available" && status === "True");

const readRegistry = (object: KubeObject | undefined): Registry | undefined => {
	if (object === undefined) return undefined;
	const parsed = parseRegistry(object);
	return "resource" in parsed ? parsed.resource : undefined;
};

const refused = (key: ObjectKey, namespace: string): Pick<Binding, "allowed" | "obstacle"> => ({
	allowed: false,
	obstacle: {
		reason: "NotAllowed",
		message: `Registry ${key} does not exist, or its allowedNamespaces do not allow ${namespace}`,
	},
});

const unready = (message: string): Pick<Binding, "allowed" | "obstacle"> => ({
	allowed: true,
	obstacle: { reason: "DependencyNotReady", message },
});
