import type { RegistrySpec } from "#/api/kinds/registry.ts";
import type { RegistryRef } from "#/operator/registry/actuator.ts";
import type { Settings } from "#/operator/registry/settings.ts";
import type { WantedRecovery } from "#/operator/registry/wanted-registry.ts";

/** What a pod is made of. */
export interface PodPlan {
	readonly registry: RegistryRef;
	readonly spec: RegistrySpec;
	/** What it begins with; absent: with nothing, or it has begun. */
	readonly recovery?: WantedRecovery | undefined;
	/** Names of the storage classes whose volumes can be mounted now, in an order that stays. */
	readonly classVolumes: readonly string[];
	readonly settings: Settings;
	/** Image where the spec names none. */
	readonly defaultImage: string;
	/** Changes when the pods must start anew, because what they read at the start is another. */
	readonly revision: string;
}
