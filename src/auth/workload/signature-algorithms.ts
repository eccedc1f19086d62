import { constants, type KeyObject, verify } from "node:crypto";

/** Algorithms of signatures that are accepted of others (RFC 7518 §3.1, RFC 8037): those with public keys. */
export const SIGNATURE_ALGORITHMS = [
	"RS256",
	"RS384",
	"RS512",
	"PS256",
	"PS384",
	"PS512",
	"ES256",
	"ES384",
	"ES512",
	"EdDSA",
] as const;

/** See {@link SIGNATURE_ALGORITHMS}. */
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** RSA keys with fewer bits are not taken (RFC 7518 §3.3). */
const MIN_RSA_BITS = 2_048;

/** The one curve of each (RFC 7518 §3.4), as OpenSSL calls it. */
const CURVES: { readonly [alg: string]: string } = { ES256: "prime256v1", ES384: "secp384r1", ES512: "secp521r1" };

/** Whether signatures can be verified with the key at all: its kind is known, and it is strong enough. */
export const isUsableKey = (key: KeyObject): boolean => {
	const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
	switch (key.asymmetricKeyType) {
		case "rsa":
			return modulusLength >= MIN_RSA_BITS;
		case "ec":
			return Object.values(CURVES).includes(namedCurve);
		default:
			return key.asymmetricKeyType === "ed25519";
	}
};

/** Whether `signature` is that of `data` by the key; never when the key is not of the algorithm's kind. */
export const isSignatureOf = (alg: SignatureAlgorithm, key: KeyObject, data: Buffer, signature: Buffer): boolean => {
	if (!fits(alg, key)) return false;
	const digest = `sha${alg.slice(2)}`;
	switch (alg) {
		case "EdDSA":
			return verify(null, data, key, signature);
		case "ES256":
		case "ES384":
		case "ES512":
			return verify(digest, data, { key, dsaEncoding: "ieee-p1363" }, signature);
		case "PS256":
		case "PS384":
		case "PS512": {
			const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
			return verify(digest, data, { key, padding, saltLength }, signature);
		}
		case "RS256":
		case "RS384":
		case "RS512":
			return verify(digest, data, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
	}
};

const fits = (alg: SignatureAlgorithm, key: KeyObject): boolean => {
	if (alg === "EdDSA") return key.asymmetricKeyType === "ed25519";
	if (alg.startsWith("ES")) return key.asymmetricKeyDetails?.namedCurve === CURVES[alg];
	return key.asymmetricKeyType === "rsa";
};
