import type { KubeClient } from "#/kube/kube-client.ts";
import type { KubeObject, OwnerReference } from "#/kube/kube-object.ts";
import { ownershipOf } from "#/kube/ownership.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { OWNER_LABEL } from "#/operator/owner-label.ts";
import type { RegistryRef } from "#/operator/registry/actuator.ts";
import { FIELD_MANAGER } from "#/operator/registry/field-manager.ts";
import { type ControlIdentity, type IdentityDeps, renewIdentity } from "./control-identity.ts";
import { isKeptFor, labelsOf, lastingLabelsOf, namesOf } from "./names.ts";

/** What the Secrets of a Registry are made with. */
export interface OwnSecretsDeps extends IdentityDeps {
	readonly client: Pick<KubeClient, "find" | "create" | "replace">;
}

/** A Secret as it stands; absent: it belongs to somebody else, and is left alone. */
type Found<T> = T | "foreign";

/** The Secret of a control port, and what it says. */
export interface ControlSecret {
	readonly identity: ControlIdentity;
	readonly version: string;
}

/** The entries of the Secret of a control port. */
export const CONTROL_ENTRIES = { token: "token", cert: "tls.crt", key: "tls.key", ca: "ca.crt" } as const;
/** The one entry of the Secret of a master key. */
export const MASTER_KEY_ENTRY = "master.key";

const MASTER_KEY_BYTES = 32;

/** Reads how to speak to a Registry's control port; absent when there is no such Secret, or not a whole one. */
export const readControlSecret = async (
	client: Pick<KubeClient, "find">,
	registry: RegistryRef,
	signal: AbortSignal,
): Promise<ControlIdentity | undefined> => {
	const { namespace, uid } = registry;
	const found = await client.find(SECRETS, { namespace, name: namesOf(registry).control }, signal);
	return ownershipOf(found, { label: OWNER_LABEL, uid }) === "ours" ? identityOf(found) : undefined;
};

/** Sees to it that the control port has a token and a certificate that is good for a while. @throws KubeError */
export const ensureControlSecret = async (
	deps: OwnSecretsDeps,
	registry: RegistryRef,
	owner: OwnerReference,
	signal: AbortSignal,
): Promise<Found<ControlSecret>> => {
	const { client } = deps;
	const { namespace, uid } = registry;
	const name = namesOf(registry).control;
	const present = await client.find(SECRETS, { namespace, name }, signal);
	const whose = ownershipOf(present, { label: OWNER_LABEL, uid });
	if (whose === "foreign") return "foreign";
	const standing = identityOf(present);
	const identity = renewIdentity(standing, controlHosts(registry), deps);
	if (present !== undefined && identity === standing) return { identity, version: versionOf(present) };
	const metadata = { name, namespace, labels: labelsOf(registry), ownerReferences: [owner] };
	const data = encode({
		[CONTROL_ENTRIES.token]: identity.token,
		[CONTROL_ENTRIES.cert]: identity.cert,
		[CONTROL_ENTRIES.key]: identity.key,
		[CONTROL_ENTRIES.ca]: identity.ca,
	});
	const opts = { fieldManager: FIELD_MANAGER };
	const written =
		present === undefined
			? await client.create(SECRETS, { ...SECRET, type: "Opaque", metadata, data }, opts, signal)
			: await client.replace(SECRETS, { ...present, data }, opts, signal);
	return { identity, version: versionOf(written) };
};

/**
 * The version of the Secret with the master key, which is made once and never again: what was sealed with it could not be
 * opened with another. It belongs to the Registry's name, for it outlives the Registry with what was pushed.
 *
 * @param hasData whether there is something that a former key may have sealed: then none is made
 * @returns `lost` when there should be one and is not
 * @throws KubeError
 */
export const ensureMasterKey = async (
	{ client, randomBytes }: OwnSecretsDeps,
	registry: RegistryRef,
	hasData: () => Promise<boolean>,
	signal: AbortSignal,
): Promise<Found<{ readonly version: string }> | "lost"> => {
	const { namespace } = registry;
	const name = namesOf(registry).masterKey;
	const present = await client.find(SECRETS, { namespace, name }, signal);
	if (present !== undefined) return isKeptFor(present, registry) ? { version: versionOf(present) } : "foreign";
	if (await hasData()) return "lost";
	const data = { [MASTER_KEY_ENTRY]: randomBytes(MASTER_KEY_BYTES).toString("base64") };
	const metadata = { name, namespace, labels: lastingLabelsOf(registry) };
	const secret = { ...SECRET, type: "Opaque", immutable: true, metadata, data };
	return { version: versionOf(await client.create(SECRETS, secret, { fieldManager: FIELD_MANAGER }, signal)) };
};

/** The names under which the operator reaches a Registry's control port, the one that it uses first. */
export const controlHosts = (registry: RegistryRef): readonly [string, ...string[]] => {
	const { control } = namesOf(registry);
	const host = `${control}.${registry.namespace}.svc`;
	return [host, control, `${control}.${registry.namespace}`];
};

const SECRET = { apiVersion: "v1", kind: "Secret" } as const;

const versionOf = ({ metadata }: KubeObject): string => metadata.resourceVersion ?? "";

const encode = (entries: { readonly [entry: string]: string }): { readonly [entry: string]: string } =>
	Object.fromEntries(Object.entries(entries).map(([entry, text]) => [entry, Buffer.from(text).toString("base64")]));

const identityOf = (secret: KubeObject | undefined): ControlIdentity | undefined => {
	const data = secret?.data;
	if (typeof data !== "object" || data === null) return undefined;
	const entries = new Map(Object.entries(data));
	const [token, cert, key, ca] = Object.values(CONTROL_ENTRIES).map((entry) =>
		Buffer.from(String(entries.get(entry) ?? ""), "base64").toString(),
	);
	return token === undefined || cert === undefined || key === undefined || ca === undefined
		? undefined
		: { token, cert, key, ca };
};
