/** Distinguished encoding of what a certificate is made of, ITU-T X.690. */

/** A tag, the length, the contents. */
export const der = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
	const body = Buffer.concat(contents);
	if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body]);
	const hex = body.length.toString(16);
	const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
	return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, body]);
};

/** SEQUENCE. */
export const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);

/** OCTET STRING. */
export const octets = (...contents: readonly Uint8Array[]): Buffer => der(0x04, ...contents);

/** BIT STRING; `unused` bits at its end mean nothing. */
export const bits = (contents: Uint8Array, unused = 0): Buffer => der(0x03, Buffer.of(unused), contents);

/** INTEGER, not negative. */
export const integer = (bytes: Uint8Array): Buffer =>
	der(0x02, (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]));

/** BOOLEAN, true. */
export const TRUE = der(0x01, Buffer.of(0xff));

/** OBJECT IDENTIFIER, from its bytes as hexadecimal digits. */
export const objectId = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));

/** UTF8String. */
export const text = (value: string): Buffer => der(0x0c, Buffer.from(value));

/** Time as RFC 5280 section 4.1.2.5 has it: two digits for the year up to 2049. @param ms milliseconds since 1970 */
export const time = (ms: number): Buffer => {
	const digits = `${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;
	return digits < "2050" ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
};
