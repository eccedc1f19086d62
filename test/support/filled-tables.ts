// Every table of the schema with a few rows in it, whose values are as odd as values may be.
import type { InspectedMetadata } from "./sqlite-metadata.ts";

/** What a database has for itself: whatever is not here belongs to the registry. */
const OWN = ["migrations", "sqlite_sequence", "transfer_arrival", "transfer_changes", "transfer_departure"];

/** The registry's tables. */
export const tablesOf = (on: InspectedMetadata): readonly string[] =>
	on
		.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
		.map(({ name }) => String(name))
		.filter((name) => !OWN.includes(name));

/** Puts a few rows into each of them. */
export const fillEveryTable = (on: InspectedMetadata): void => {
	for (const table of tablesOf(on)) {
		// Of signing keys there is one in each state but the last.
		const rows = table === "signing_keys" ? 1 : 7;
		for (let number = 11; number < 11 + rows; number++) fillTable(on, table, number);
	}
};

/** Puts one row into a table. */
export const fillTable = (on: InspectedMetadata, table: string, number: number): void => {
	const columns = on.rows('SELECT name, type, pk, "notnull" AS needed FROM pragma_table_info(?)', table);
	const values = columns.map(({ type, pk, needed }) => {
		if (number % 3 === 0 && pk === 0 && needed === 0) return "NULL";
		if (type === "INTEGER") return String(number % 2 === 0 ? number : Number.MAX_SAFE_INTEGER - number);
		return type === "BLOB" ? `x'00ff27${String(number).padStart(4, "0")}'` : `'${number} "ü''\\n\\ 𝄞'`;
	});
	const names = columns.map(({ name }) => `"${name}"`).join(", ");
	on.rows(`INSERT INTO "${table}" (${names}) VALUES (${values.join(", ")})`);
};
