import { openPostgres } from "#/metadata/postgres/index.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { controlConformance } from "../../conformance/control.ts";
import { openControlPlane, type PlaneState } from "../../support/control-planes.ts";
import { privatePostgres } from "../../support/postgres.ts";

const server = privatePostgres();

const openState = async (url: string): Promise<PlaneState> => {
	const metadata = new SqlMetadata(await openPostgres({ url }, { warn: () => undefined, random: Math.random }));
	const close = () => metadata[Symbol.asyncDispose]();
	return {
		metadata,
		reopen: async () => {
			await close();
			return await openState(url);
		},
		[Symbol.asyncDispose]: close,
	};
};

controlConformance("the data plane on PostgreSQL", async (test) => {
	const url = await server.database(test);
	return url === undefined ? undefined : await openControlPlane(await openState(url));
});
