import { ProtoError } from "./proto-error.ts";

/** One field as it stands in a message: its number, and a number or bytes. */
export interface WireField {
	readonly number: number;
	readonly value: bigint | Uint8Array;
}

const brokenOff = (): ProtoError => new ProtoError("MALFORMED", "the protobuf message is broken off");

interface Cursor {
	readonly bytes: Uint8Array;
	at: number;
}

const readVarint = (cursor: Cursor): bigint => {
	let value = 0n;
	for (let shift = 0n; shift < 70n; shift += 7n) {
		const byte = cursor.bytes[cursor.at++];
		if (byte === undefined) throw brokenOff();
		value |= BigInt(byte & 127) << shift;
		if (byte < 128) return BigInt.asUintN(64, value);
	}
	throw new ProtoError("MALFORMED", "a protobuf number is too long");
};

const readBytes = (cursor: Cursor, length: bigint): Uint8Array => {
	const end = cursor.at + Number(length);
	if (end > cursor.bytes.length) throw brokenOff();
	const bytes = cursor.bytes.subarray(cursor.at, end);
	cursor.at = end;
	return bytes;
};

const readValue = (cursor: Cursor, wireType: bigint): bigint | Uint8Array => {
	switch (wireType) {
		case 0n:
			return readVarint(cursor);
		case 1n:
			return readBytes(cursor, 8n);
		case 2n:
			return readBytes(cursor, readVarint(cursor));
		case 5n:
			return readBytes(cursor, 4n);
		default:
			throw new ProtoError("MALFORMED", `protobuf has no wire type ${wireType}`);
	}
};

/** The fields of a protobuf message in their order (protobuf.dev, "Encoding"). @throws ProtoError MALFORMED */
export function* readWire(bytes: Uint8Array): Generator<WireField> {
	const cursor: Cursor = { bytes, at: 0 };
	while (cursor.at < bytes.length) {
		const key = readVarint(cursor);
		yield { number: Number(key >> 3n), value: readValue(cursor, key & 7n) };
	}
}
