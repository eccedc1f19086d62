import { formatRecord, type RegistryRecord } from "#/metadata/records.ts";
import { all, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

/** Users and robots belong to no store; their records go to the journal of this one. */
export const IDENTITY_STORE = "default";

/** Writes the record of a change, in the change's own transaction. `store` is the one whose journal takes it. */
export function* emit(context: Pick<StepContext, "now">, store: string, record: RegistryRecord): Step<void> {
	const { kind, body } = formatRecord(record);
	yield* all(
		"INSERT INTO outbox (at, store, kind, size, body) VALUES (?, ?, ?, ?, ?)",
		context.now,
		store,
		kind,
		Buffer.byteLength(body),
		body,
	);
}
