import type { FieldKind, MessageTable } from "./message-table.ts";
import { ProtoError } from "./proto-error.ts";
import { readWire, type WireField } from "./read-wire.ts";

const malformed = (message: string, cause: unknown): ProtoError => new ProtoError("MALFORMED", message, { cause });

const bytesOf = ({ value }: WireField): Uint8Array => {
	if (typeof value === "bigint") throw new ProtoError("MALFORMED", "a number stands where bytes are wanted");
	return value;
};

const numberOf = ({ value }: WireField): number => {
	if (typeof value !== "bigint") throw new ProtoError("MALFORMED", "bytes stand where a number is wanted");
	return Number(BigInt.asIntN(64, value));
};

const utf8 = new TextDecoder("utf-8", { fatal: true });

const textOf = (field: WireField): string => {
	const bytes = bytesOf(field);
	try {
		return utf8.decode(bytes);
	} catch (error) {
		throw malformed("a text is not UTF-8", error);
	}
};

const base64Of = (field: WireField): string => Buffer.from(bytesOf(field)).toString("base64");

/** RFC 3339 to the second, or with six digits more; absent for no time. */
const timeOf = (field: WireField, digits: 0 | 6): string | undefined => {
	const parts = [...readWire(bytesOf(field))];
	const part = (number: number): number => {
		const found = parts.find((one) => one.number === number);
		return found === undefined ? 0 : numberOf(found);
	};
	const [seconds, nanos] = [part(1), part(2)];
	if (parts.length === 0 || Math.abs(seconds) > 8.64e12) return undefined;
	const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
	const fraction = Math.trunc(nanos / 1000)
		.toString()
		.padStart(6, "0");
	return digits === 0 ? `${whole}Z` : `${whole}.${fraction}Z`;
};

const jsonOf = (field: WireField): unknown => {
	const [raw] = [...readWire(bytesOf(field))].filter(({ number }) => number === 1);
	if (raw === undefined) return undefined;
	try {
		return JSON.parse(textOf(raw));
	} catch (error) {
		throw malformed("fieldsV1 is not JSON", error);
	}
};

const entryOf = (field: WireField, kind: "text" | "bytes"): readonly [name: string, value: string] => {
	let name = "";
	let value = "";
	for (const part of readWire(bytesOf(field)))
		if (part.number === 1) name = textOf(part);
		else if (part.number === 2) value = kind === "text" ? textOf(part) : base64Of(part);
	return [name, value];
};

type Scalar = Extract<FieldKind, string>;

/** Absent: what Go leaves out of the JSON. */
const scalars: Readonly<Record<Scalar, (field: WireField) => unknown>> = {
	text: (field) => textOf(field) || undefined,
	"text?": textOf,
	int: (field) => numberOf(field) || undefined,
	"int?": numberOf,
	"flag?": (field) => numberOf(field) !== 0,
	bytes: base64Of,
	time: (field) => timeOf(field, 0),
	"micro-time": (field) => timeOf(field, 6),
	json: jsonOf,
};

const put = (json: Record<string, unknown>, name: string, value: unknown): void => {
	if (value === undefined) return;
	if (!name.endsWith("[]")) {
		json[name] = value;
		return;
	}
	const list = json[name.slice(0, -2)];
	json[name.slice(0, -2)] = Array.isArray(list) ? [...list, value] : [value];
};

/** A message as JSON, by a table of its fields; fields that the table lacks are left out. @throws ProtoError MALFORMED */
export const readMessage = (bytes: Uint8Array, table: MessageTable): Record<string, unknown> => {
	const json: Record<string, unknown> = {};
	const maps = new Map<string, Map<string, string>>();
	for (const field of readWire(bytes)) {
		const entry = table[field.number];
		if (entry === undefined) continue;
		const [name, kind] = entry;
		if (typeof kind === "string") put(json, name, scalars[kind](field));
		else if ("message" in kind) put(json, name, readMessage(bytesOf(field), kind.message));
		else maps.set(name, (maps.get(name) ?? new Map<string, string>()).set(...entryOf(field, kind.mapOf)));
	}
	for (const [name, entries] of maps) json[name] = Object.fromEntries(entries);
	return json;
};
