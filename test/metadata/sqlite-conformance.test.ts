import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { openSqlite } from "#/metadata/sqlite/index.ts";
import { metadataConformance } from "../conformance/metadata.ts";
import { temporaryDirectory } from "../support/sqlite-ledger.ts";

metadataConformance("embedded database", async (context) => {
	const warn = (message: string) => context.diagnostic(message);
	return new SqlMetadata(await openSqlite({ directory: temporaryDirectory(context) }, { warn }));
});
