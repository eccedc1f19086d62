import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A certificate with its key, both PEM. */
export interface Certified {
	readonly cert: string;
	readonly key: string;
}

/** A certification authority for one test, and what it vouches for. */
export interface Authority {
	/** PEM, for those who trust it. */
	readonly ca: string;
	/** A certificate for servers on loopback, or for another DNS name alone. */
	issue(dnsName?: string): Certified;
}

/** DER, ITU-T X.690: a tag, the length, the contents. */
const der = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
	const body = Buffer.concat(contents);
	if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body]);
	const length = Buffer.from(body.length.toString(16).padStart(4, "0"), "hex");
	return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, body]);
};

const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));
const octets = (...contents: readonly Uint8Array[]): Buffer => der(0x04, ...contents);
const TRUE = der(0x01, Buffer.of(0xff));
const ECDSA_WITH_SHA256 = sequence(oid("2a8648ce3d040302"));

const nameOf = (commonName: string): Buffer =>
	sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(commonName)))));

const time = (ms: number): Buffer =>
	der(0x18, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`));

/** Basic constraints: may sign others. */
const IS_AUTHORITY = sequence(oid("551d13"), TRUE, octets(sequence(TRUE)));

const alternativeNames = (...names: readonly Uint8Array[]): Buffer =>
	sequence(oid("551d11"), octets(sequence(...names)));

interface Subject {
	readonly name: string;
	readonly key: KeyObject;
	readonly serial: number;
	readonly extension: Uint8Array;
}

/** An X.509 certificate (RFC 5280 section 4.1) of version 3, good for an hour before and after now. */
const certify = (subject: Subject, issuer: { readonly name: string; readonly key: KeyObject }): string => {
	const now = Date.now();
	const signed = sequence(
		der(0xa0, der(0x02, Buffer.of(2))),
		der(0x02, Buffer.of(subject.serial)),
		ECDSA_WITH_SHA256,
		nameOf(issuer.name),
		sequence(time(now - 3_600_000), time(now + 3_600_000)),
		nameOf(subject.name),
		subject.key.export({ type: "spki", format: "der" }),
		der(0xa3, sequence(subject.extension)),
	);
	const signature = sign("sha256", signed, issuer.key);
	const whole = sequence(signed, ECDSA_WITH_SHA256, der(0x03, Buffer.of(0), signature));
	const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
	return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
};

/** A new authority that nobody but the test trusts. */
export function createAuthority(): Authority {
	const name = "limani test authority";
	const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const issuer = { name, key: own.privateKey };
	const ca = certify({ name, key: own.publicKey, serial: 1, extension: IS_AUTHORITY }, issuer);
	let serial = 1;
	const issue = (dnsName?: string): Certified => {
		const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		const dns = der(0x82, Buffer.from(dnsName ?? "localhost"));
		const extension = alternativeNames(dns, ...(dnsName === undefined ? [der(0x87, Buffer.of(127, 0, 0, 1))] : []));
		const cert = certify({ name: dnsName ?? "localhost", key: publicKey, serial: ++serial, extension }, issuer);
		return { cert, key: String(privateKey.export({ type: "pkcs8", format: "pem" })) };
	};
	return { ca, issue };
}
