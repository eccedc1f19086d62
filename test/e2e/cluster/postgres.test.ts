import { clusterSuite } from "../../support/cluster-suite.ts";
import { privatePostgres } from "../../support/postgres.ts";

const postgres = privatePostgres();

clusterSuite("PostgreSQL", async (test) => {
	const url = await postgres.database(test);
	return url === undefined ? undefined : { database: { postgres: { url } } };
});
