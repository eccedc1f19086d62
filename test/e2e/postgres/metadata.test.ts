import { openPostgres } from "#/metadata/postgres/index.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { metadataConformance } from "../../conformance/metadata.ts";
import { privatePostgres } from "../../support/postgres.ts";

const postgres = privatePostgres();

metadataConformance("PostgreSQL", async (context) => {
	const url = await postgres.database(context);
	if (url === undefined) return undefined;
	const warn = (message: string) => context.diagnostic(message);
	return new SqlMetadata(await openPostgres({ url }, { warn, random: Math.random }));
});
