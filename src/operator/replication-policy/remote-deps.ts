import type { ReplicationRemote } from "#/api/kinds/replication-remote.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { PolicyRefusal } from "#/operator/policy/find-projects.ts";
import type { Login } from "./registry-login.ts";

/** What the other side of a replication is looked for in. */
export interface RemoteDeps {
	readonly client: Pick<KubeClient, "find">;
	readonly registries: ObjectStore;
	readonly robotAccounts: ObjectStore;
	/** Those that were made for our resources. */
	readonly secrets: ObjectStore;
}

/** Where a policy names the other side. */
export interface RemoteQuestion {
	readonly namespace: string;
	/** The field that names it, for messages: `source` or `destination`. */
	readonly field: string;
	readonly remote: ReplicationRemote;
}

/** The other side, as it was found. */
interface FoundRemote {
	readonly url: string;
	readonly ca?: string;
	readonly login?: Login;
	/** Tells one content of the Secret from another without telling anything of it. */
	readonly version?: { readonly uid: string; readonly resourceVersion: string };
}

/** The other side, or why it cannot be had yet. */
export type RemoteAnswer = { readonly found: FoundRemote } | { readonly refusals: readonly PolicyRefusal[] };

/** One refusal for want of something that is watched, or looked for again. */
export const missing = (message: string): { readonly refusals: readonly PolicyRefusal[] } => ({
	refusals: [{ reason: "DependencyNotReady", message }],
});

/** One refusal for want of somebody's consent. */
export const forbidden = (message: string): { readonly refusals: readonly PolicyRefusal[] } => ({
	refusals: [{ reason: "NotAllowed", message }],
});
