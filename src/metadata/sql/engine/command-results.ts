/** Results of commands that carried an id, kept so that repeating one gives the first result and changes nothing. */
import { deserialize, serialize } from "node:v8";
import { all, first, type Step, type StepContext } from "./statement.ts";

/** How long a result is kept at least, milliseconds: far longer than anybody goes on trying. */
const LIFETIME_MS = 3_600_000;
/** Old results that each new one drops; above one, so that the table shrinks. */
const PURGED_EACH = 4;
const UNDECIDED = new Uint8Array();

/** Runs `step`, unless a command with this id was committed within the last hour: then gives its result again. */
export function* once<T>(id: string, step: Step<T>, context: StepContext): Step<T> {
	// The id is claimed before anything else: a twin that runs at the same time waits here for this one's end.
	const claimed = yield* first(
		"INSERT INTO command_results (id, result, created_at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING id",
		id,
		UNDECIDED,
		context.now,
	);
	if (claimed === undefined) {
		const known = yield* first("SELECT result FROM command_results WHERE id = ?", id);
		if (!(known?.result instanceof Uint8Array)) throw new Error(`the result of command ${id} went while it was read`);
		return deserialize(known.result);
	}
	const result = yield* step;
	yield* all("UPDATE command_results SET result = ? WHERE id = ?", serialize(result), id);
	yield* all(
		`DELETE FROM command_results WHERE id ${context.dialect.anyOf(
			"SELECT id FROM command_results WHERE created_at < ? ORDER BY created_at LIMIT ?",
		)}`,
		context.now - LIFETIME_MS,
		PURGED_EACH,
	);
	return result;
}
