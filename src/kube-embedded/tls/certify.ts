import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from "node:crypto";
import { isIP } from "node:net";
import { bits, der, integer, objectId, octets, sequence, TRUE, text, time } from "./der.ts";

/** A certificate with its key, both PEM. */
export interface Certified {
	readonly cert: string;
	readonly key: string;
}

/** What a certificate is to say. */
export interface Wanted {
	readonly name: string;
	/** Host names and addresses; absent for an authority. */
	readonly hosts?: readonly string[];
	/** Milliseconds since 1970. */
	readonly from: number;
	readonly until: number;
	readonly randomBytes: (count: number) => Uint8Array;
}

const ECDSA_WITH_SHA256 = sequence(objectId("2a8648ce3d040302"));

const nameOf = (name: string): Buffer => sequence(der(0x31, sequence(objectId("550403"), text(name))));

const extension = (id: string, isCritical: boolean, value: Uint8Array): Buffer =>
	sequence(objectId(id), ...(isCritical ? [TRUE] : []), octets(value));

const keyIdOf = (key: KeyObject): Uint8Array =>
	hash("sha1", createPublicKey(key).export({ type: "spki", format: "der" }), "buffer");

const addressOf = (host: string): Buffer => {
	if (isIP(host) === 4) return Buffer.from(host.split(".").map(Number));
	const [head = "", tail = ""] = host.split("::");
	const [before, after] = [head, tail].map((part) => part.split(":").filter((group) => group !== ""));
	const missing = 8 - (before?.length ?? 0) - (after?.length ?? 0);
	const groups = [...(before ?? []), ...Array<string>(missing).fill("0"), ...(after ?? [])];
	return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
};

const alternativeName = (host: string): Buffer =>
	isIP(host) === 0 ? der(0x82, Buffer.from(host)) : der(0x87, addressOf(host));

/** What the key may be used for: to sign certificates, or to serve. */
const extensionsOf = ({ hosts }: Wanted, key: KeyObject, issuer: KeyObject): Buffer => {
	const identities = [
		extension("551d0e", false, octets(keyIdOf(key))),
		extension("551d23", false, sequence(der(0x80, keyIdOf(issuer)))),
	];
	const uses =
		hosts === undefined
			? [extension("551d13", true, sequence(TRUE)), extension("551d0f", true, bits(Buffer.of(0x06), 1))]
			: [
					extension("551d13", true, sequence()),
					extension("551d0f", true, bits(Buffer.of(0x80), 7)),
					extension("551d25", false, sequence(objectId("2b06010505070301"))),
					extension("551d11", false, sequence(...hosts.map(alternativeName))),
				];
	return der(0xa3, sequence(...uses, ...identities));
};

const pem = (label: string, bytes: Uint8Array): string => {
	const lines =
		Buffer.from(bytes)
			.toString("base64")
			.match(/.{1,64}/g) ?? [];
	return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
};

/**
 * A certificate of version 3 (RFC 5280 section 4.1) with a new P-256 key.
 *
 * @param issuer who vouches for it; absent: itself
 */
export const certify = (wanted: Wanted, issuer?: { readonly name: string; readonly key: string }): Certified => {
	const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const signer = issuer === undefined ? privateKey : createPrivateKey(issuer.key);
	const signed = sequence(
		der(0xa0, integer(Buffer.of(2))),
		integer(Buffer.concat([Buffer.of(1), wanted.randomBytes(15)])),
		ECDSA_WITH_SHA256,
		nameOf(issuer?.name ?? wanted.name),
		sequence(time(wanted.from), time(wanted.until)),
		nameOf(wanted.name),
		publicKey.export({ type: "spki", format: "der" }),
		extensionsOf(wanted, privateKey, signer),
	);
	const signature = sign("sha256", signed, signer);
	return {
		cert: pem("CERTIFICATE", sequence(signed, ECDSA_WITH_SHA256, bits(signature))),
		key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
	};
};
