import pg from "pg";

/** Types whose columns arrive in another form than the driver's own, by the number of PostgreSQL's catalog. */
const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
	// bool
	[16, (text) => (text === "t" ? 1 : 0)],
	// bytea, as hexadecimal digits after \x
	[17, (text) => Uint8Array.fromHex(text.slice(2))],
	// int8; every number of ours is a safe integer
	[20, Number],
	// json, jsonb
	[114, String],
	[3802, String],
	// numeric: what sums of int8 are
	[1700, Number],
]);

/** How rows are read, for one connection: what a step expects on every engine (see `SqlValue`). */
export const columnTypes: pg.CustomTypesConfig = {
	getTypeParser(type, format) {
		const parser = format === "binary" ? undefined : parsers.get(type);
		return parser ?? pg.types.getTypeParser(type, format);
	},
};
