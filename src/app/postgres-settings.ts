import { MetadataError } from "#/metadata/metadata-error.ts";
import type { PostgresOpts } from "#/metadata/postgres/connections.ts";
import type { PostgresConfig } from "./config/database-schema.ts";
import { ConfigError } from "./config/load.ts";
import { readConfigFile } from "./read-config-file.ts";
import { readSecret } from "./read-secret.ts";

/** Where a database of PostgreSQL is, by its settings at `key`. @throws ConfigError */
export const readPostgresOpts = async (key: string, settings: PostgresConfig): Promise<PostgresOpts> => {
	const { url, urlFile, caFile, maxConnections } = settings;
	const server = await readSecret(`${key}.url`, url, urlFile);
	if (!URL.canParse(server) || !/^postgres(ql)?:$/.test(new URL(server).protocol)) {
		throw new ConfigError(`${key}.url: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE`);
	}
	const ca = caFile === undefined ? {} : { ca: await readConfigFile(`${key}.caFile`, caFile) };
	return { url: server, ...ca, maxConnections };
};

/** The database in words for people, without secrets. */
export const placeOf = ({ url }: PostgresOpts): string => {
	const { host, pathname } = new URL(url);
	return `${host}${pathname}`;
};

/** Opens it by `open`. @throws ConfigError where it does not answer */
export const answering = async <T>(key: string, opts: PostgresOpts, open: () => Promise<T>): Promise<T> => {
	try {
		return await open();
	} catch (cause) {
		if (!(cause instanceof MetadataError) || cause.code !== "UNAVAILABLE") throw cause;
		throw new ConfigError(
			`${key}.url: got ${placeOf(opts)}: expected a PostgreSQL server that answers (${cause.message})`,
			{ cause },
		);
	}
};
