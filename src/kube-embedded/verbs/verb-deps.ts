import type { KubeObject } from "#/kube/kube-object.ts";
import type { KindRegistry } from "#/kube-embedded/kinds/kind-registry.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import type { EmbeddedStore } from "#/kube-embedded/store/embedded-store.ts";

/** What the verbs stand on. */
export interface VerbDeps {
	readonly store: EmbeddedStore;
	readonly kinds: KindRegistry;
	/** Milliseconds since 1970. */
	readonly now: () => number;
	readonly randomBytes: (count: number) => Uint8Array;
}

/** Which object of which kind; the namespace is empty for cluster-scoped kinds. */
export interface Target {
	readonly kind: ServedKind;
	readonly namespace: string;
	readonly name: string;
}

/** How a write is to be done. */
export interface WriteSettings {
	/** Judge it, keep nothing. */
	readonly dryRun: boolean;
	/** Who writes. */
	readonly manager: string;
	/** What becomes of fields that the kind does not have. */
	readonly unknownFields: "Strict" | "Warn" | "Ignore";
	readonly subresource: "status" | "scale" | undefined;
}

/** What a write made. */
export interface Written {
	readonly object: KubeObject;
	readonly warnings: readonly string[];
	readonly created: boolean;
}

/** A point in time as Kubernetes writes it: RFC 3339 in UTC, whole seconds. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
