import { type CommandName, commands, queries } from "./catalog.ts";
import type { Engine, Program } from "./engine/engine.ts";
import type { SqlExecutor } from "./executor.ts";
import { keptQueries } from "./kept-queries.ts";
import { migrations } from "./schema/migrations.ts";

/**
 * A lease keeps processes apart, and none outlives a power cut: the next holder is a new process, and what the last one
 * acknowledged was made durable by `uploads.release`.
 */
const FLEETING_COMMANDS: ReadonlySet<CommandName> = new Set<CommandName>(["uploads.acquire", "uploads.extend"]);

/** What the metadata of a registry consists of. */
export const program: Program = { commands, queries, migrations, fleeting: FLEETING_COMMANDS, kept: keptQueries };

/** An engine that runs {@link program}, with the types of its commands and queries. */
export function toExecutor(engine: Engine): SqlExecutor {
	// The engine answers each name with what the function of that name in the catalog returns: SqlExecutor's promise.
	return engine as SqlExecutor;
}
