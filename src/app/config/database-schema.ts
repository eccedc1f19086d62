import { z } from "zod";

const postgres = z
	.strictObject({
		url: z.string().min(1).optional().describe("Such as postgres://USER:PASSWORD@HOST:PORT/DATABASE; or urlFile"),
		urlFile: z.string().optional().describe("A file whose first line is the URL"),
		caFile: z.string().optional().describe("PEM file of authorities, trusted in place of the system's"),
		maxConnections: z.int().min(1).max(1000).default(16).describe("Connections, per process"),
	})
	.optional();

/** Schema of where the metadata is, and where it is to move. */
export const databaseSchema = z
	.strictObject({
		sqlite: z
			.strictObject({
				directory: z.string().optional().describe("Where the database file is; default: dataDir"),
				migrateTo: z
					.strictObject({ postgres })
					.refine((value) => value.postgres !== undefined, { message: "expected postgres" })
					.optional()
					.describe("An empty database that everything moves to while the registry is used"),
			})
			.optional(),
		postgres,
	})
	.refine((value) => value.sqlite === undefined || value.postgres === undefined, {
		message: "expected one of sqlite, postgres",
	})
	.prefault({});

/** Settings of a database of PostgreSQL. */
export type PostgresConfig = NonNullable<z.output<typeof postgres>>;
