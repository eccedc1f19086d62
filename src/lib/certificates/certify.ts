import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from "node:crypto";
import { isIP } from "node:net";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
	AlgorithmIdentifier,
	AttributeTypeAndValue,
	AttributeValue,
	AuthorityKeyIdentifier,
	BasicConstraints,
	Certificate,
	ExtendedKeyUsage,
	Extension,
	Extensions,
	GeneralName,
	id_ce_authorityKeyIdentifier,
	id_ce_basicConstraints,
	id_ce_extKeyUsage,
	id_ce_keyUsage,
	id_ce_subjectAltName,
	id_ce_subjectKeyIdentifier,
	id_kp_serverAuth,
	KeyIdentifier,
	KeyUsage,
	KeyUsageFlags,
	Name,
	RelativeDistinguishedName,
	SubjectAlternativeName,
	SubjectKeyIdentifier,
	SubjectPublicKeyInfo,
	TBSCertificate,
	Validity,
} from "@peculiar/asn1-x509";

/** A certificate with its key, both PEM. */
export interface Certified {
	readonly cert: string;
	readonly key: string;
}

/** What a certificate is to say. */
export interface CertificateRequest {
	/** Common name; clients go by `hosts`. */
	readonly name: string;
	/** Host names and addresses of a server; absent for an authority. */
	readonly hosts?: readonly string[];
	/** When it begins and ends to be good, milliseconds since the epoch. */
	readonly from: number;
	readonly until: number;
	readonly randomBytes: (count: number) => Uint8Array;
}

/** ecdsa-with-SHA256, RFC 5758 section 3.2. */
const ECDSA_WITH_SHA256 = new AlgorithmIdentifier({ algorithm: "1.2.840.10045.4.3.2" });
const COMMON_NAME = "2.5.4.3";
/** Version 3, RFC 5280 section 4.1.2.1. */
const V3 = 2;

/**
 * A certificate (RFC 5280 section 4.1) with a new P-256 key, of an authority or of a server.
 *
 * @param issuer who vouches for it; absent: itself
 */
export const certify = (
	request: CertificateRequest,
	issuer?: { readonly name: string; readonly key: string },
): Certified => {
	const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const signer = issuer === undefined ? privateKey : createPrivateKey(issuer.key);
	const tbsCertificate = new TBSCertificate({
		version: V3,
		serialNumber: bufferOf(Buffer.concat([Buffer.of(1), request.randomBytes(15)])),
		signature: ECDSA_WITH_SHA256,
		issuer: nameOf(issuer?.name ?? request.name),
		validity: new Validity({ notBefore: new Date(request.from), notAfter: new Date(request.until) }),
		subject: nameOf(request.name),
		subjectPublicKeyInfo: AsnConvert.parse(spki(publicKey), SubjectPublicKeyInfo),
		extensions: new Extensions([
			...usesOf(request),
			extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdOf(publicKey))),
			extension(
				id_ce_authorityKeyIdentifier,
				new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyIdOf(createPublicKey(signer))) }),
			),
		]),
	});
	const signatureValue = bufferOf(sign("sha256", Buffer.from(AsnConvert.serialize(tbsCertificate)), signer));
	const certificate = new Certificate({ tbsCertificate, signatureAlgorithm: ECDSA_WITH_SHA256, signatureValue });
	return {
		cert: pemOf(AsnConvert.serialize(certificate)),
		key: privateKey.export({ type: "pkcs8", format: "pem" }),
	};
};

/** What the key may be used for: to sign certificates, or to serve. */
const usesOf = ({ hosts }: CertificateRequest): readonly Extension[] =>
	hosts === undefined
		? [
				extension(id_ce_basicConstraints, new BasicConstraints({ cA: true }), true),
				extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), true),
			]
		: [
				extension(id_ce_basicConstraints, new BasicConstraints({ cA: false }), true),
				extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
				extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth])),
				extension(id_ce_subjectAltName, new SubjectAlternativeName(hosts.map(alternativeName))),
			];

const extension = (extnID: string, value: object, critical = false): Extension =>
	new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });

const nameOf = (commonName: string): Name => {
	const value = new AttributeValue({ utf8String: commonName });
	return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: COMMON_NAME, value })])]);
};

const alternativeName = (host: string): GeneralName =>
	new GeneralName(isIP(host) === 0 ? { dNSName: host } : { iPAddress: host });

const spki = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });

/** Whatever tells keys apart would do; RFC 5280 section 4.2.1.2 suggests this. */
const keyIdOf = (key: KeyObject): ArrayBuffer => bufferOf(hash("sha1", spki(key), "buffer"));

const bufferOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

const pemOf = (der: ArrayBuffer): string => {
	const lines =
		Buffer.from(der)
			.toString("base64")
			.match(/.{1,64}/g) ?? [];
	return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
};
