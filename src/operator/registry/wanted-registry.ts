import type { RegistrySpec } from "#/api/kinds/registry.ts";

/** One entry of a Secret. */
export interface SecretEntry {
	readonly secret: string;
	readonly key: string;
}

/** The entries of Secrets, decoded, by the Secrets' names. */
export type SecretContents = ReadonlyMap<string, { readonly [key: string]: Uint8Array }>;

/** A registry as it is to run. */
export interface WantedRegistry {
	readonly uid: string;
	readonly namespace: string;
	readonly name: string;
	readonly spec: RegistrySpec;
	/** What the Secrets hold that the spec refers to: all that it needs are there. */
	readonly secrets: SecretContents;
	/** The resource versions of these Secrets, by their names: what tells of a change without telling the content. */
	readonly secretVersions: ReadonlyMap<string, string>;
}
