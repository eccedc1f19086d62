import type { RegistrySpec } from "#/api/kinds/registry.ts";
import type { RegistryProblem, RegistryRef } from "./actuator.ts";

/** A Registry that may have a database of its own. */
export interface DatabaseOwner extends RegistryRef {
	readonly spec: RegistrySpec;
}

/** Makes databases for Registries, each for one alone. Every call is safe to repeat. */
export interface OwnDatabases {
	/** Makes it as it is to be, or goes on with that. What keeps it from being used, or from being whole; absent: nothing does. */
	ensure(owner: DatabaseOwner, signal: AbortSignal): Promise<RegistryProblem | undefined>;
	/** Takes it away with all that is in it. Gone already is fine, and somebody else's stays. */
	remove(registry: RegistryRef, signal: AbortSignal): Promise<void>;
}

/** The names of what CloudNativePG makes for a Registry: the same for the same Registry, always. */
export const databaseNamesOf = ({ name }: Pick<RegistryRef, "name">) => ({
	/** Of the Cluster. CloudNativePG lets it have 50 characters, and a Registry's own name 40. */
	cluster: `${name}-database`,
	/** Of the Secret that says where the database is and how to log in. */
	connection: `${name}-database-app`,
	/** Of the Secret with the authorities of its certificate, and their key. */
	authorities: `${name}-database-ca`,
});

/** A spec that also says, in the way of any other PostgreSQL, how a database of a Registry's own is reached. */
export const withConnection = (name: string, spec: RegistrySpec): RegistrySpec => {
	const { cloudNativePG } = spec.database;
	if (cloudNativePG === undefined) return spec;
	const { connection, authorities } = databaseNamesOf({ name });
	const postgres = {
		urlSecretRef: { name: connection, key: "uri" },
		caSecretRef: { name: authorities, key: "ca.crt" },
		maxConnections: cloudNativePG.maxConnections,
	};
	return { ...spec, database: { ...spec.database, postgres } };
};
