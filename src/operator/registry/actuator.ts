import type { RegistryReason } from "#/api/kinds/registry.ts";
import type { Control } from "#/control/control.ts";
import type { ObjectKey } from "#/kube/kube-object.ts";
import type { OwnDatabases } from "./own-database.ts";
import type { WantedRegistry } from "./wanted-registry.ts";

/** How a registry runs, as seen just now. */
export interface RegistryState {
	/** Where clients reach it; absent while that is not known. */
	readonly url: string | undefined;
	/** Processes or pods that there are, and of those, that serve. */
	readonly replicas: number;
	readonly readyReplicas: number;
	/** A selector of its pods, as text; empty where it has none. */
	readonly selector: string;
	/** Release of the data plane; absent while none runs. */
	readonly version: string | undefined;
	/** How to drive it; absent while nothing runs that could be driven. */
	readonly control: Control | undefined;
	/** Why it does not run as wanted; absent when it does. `terminal`: not before its spec or a Secret changes. */
	readonly problem: RegistryProblem | undefined;
}

/** What keeps a registry from running as wanted. */
export interface RegistryProblem {
	readonly reason: RegistryReason;
	readonly message: string;
	/** Whether nothing will come of it before its spec or a Secret changes. */
	readonly terminal: boolean;
}

/** Which registry. */
export interface RegistryRef {
	readonly uid: string;
	readonly namespace: string;
	readonly name: string;
}

/** Runs registries: in this process in standalone mode, as pods in a cluster. Every call is safe to repeat. */
export interface RegistryActuator {
	/** Makes those databases that are for one registry alone; absent where there can be none. */
	readonly databases?: OwnDatabases | undefined;
	/** Makes it run as wanted, or goes on with that, and says how it runs. A change that needs it restarts it. */
	ensure(wanted: WantedRegistry, signal: AbortSignal): Promise<RegistryState>;
	/** How it runs, changing nothing; absent when there is nothing of it. */
	observe(registry: RegistryRef, signal: AbortSignal): Promise<RegistryState | undefined>;
	/** Stops it. `data` says what becomes of what it keeps. Gone already is fine. */
	remove(registry: RegistryRef, data: "Retain" | "Delete", signal: AbortSignal): Promise<void>;
	/** Tells of registries that no longer run as they did, by their keys. */
	subscribe(listener: (key: ObjectKey) => void): Disposable;
}
