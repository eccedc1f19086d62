// Entry of a writer thread that serves the ledger and counts its COMMITs.
import { DatabaseSync } from "node:sqlite";
import type { Step } from "#/metadata/sql/engine/statement.ts";
import { threadStart } from "#/metadata/sqlite/database-thread.ts";
import { serveWriter } from "#/metadata/sqlite/writer-server.ts";
import { ledger } from "./ledger.ts";

let commits = 0;

const prepare = DatabaseSync.prototype.prepare;
DatabaseSync.prototype.prepare = function (sql) {
	const statement = prepare.call(this, sql);
	if (sql !== "COMMIT") return statement;
	const all = statement.all.bind(statement);
	statement.all = () => {
		commits++;
		return all();
	};
	return statement;
};

// biome-ignore lint/correctness/useYield: a command that needs no statement
function* commitsSoFar(): Step<number> {
	return commits;
}

await serveWriter(threadStart(), { ...ledger, commands: { ...ledger.commands, commitsSoFar } });
