import assert from "node:assert/strict";
import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, it } from "node:test";
import { isSignedBy, looksLikeJwt, parseForeignJwt } from "#/auth/workload/foreign-jwt.ts";
import { readKeySet } from "#/auth/workload/key-set.ts";

const CLAIMS = { iss: "https://ci.example.org", sub: "job", aud: "registry", exp: 4_102_444_800 };

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const ec = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const p256 = ec("P-256");
const pairs: { readonly [alg: string]: { readonly privateKey: KeyObject; readonly publicKey: KeyObject } } = {
	RS256: rsa,
	RS384: rsa,
	RS512: rsa,
	PS256: rsa,
	PS384: rsa,
	PS512: rsa,
	ES256: p256,
	ES384: ec("P-384"),
	ES512: ec("P-521"),
	EdDSA: generateKeyPairSync("ed25519"),
};

const signatureOf = (alg: string, signed: string, key: KeyObject): Buffer => {
	const data = Buffer.from(signed);
	const digest = `sha${alg.slice(2)}`;
	if (alg === "EdDSA") return sign(null, data, key);
	if (alg.startsWith("ES")) return sign(digest, data, { key, dsaEncoding: "ieee-p1363" });
	const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
	return alg.startsWith("PS")
		? sign(digest, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })
		: sign(digest, data, key);
};

const tokenBy = (alg: string, key: KeyObject, claims: object = CLAIMS): string => {
	const signed = `${encode({ alg, kid: "k" })}.${encode(claims)}`;
	return `${signed}.${signatureOf(alg, signed, key).toString("base64url")}`;
};

const keyOf = (publicKey: KeyObject, more: object = {}) => {
	const found = readKeySet({ keys: [{ kid: "k", ...publicKey.export({ format: "jwk" }), ...more }] }).get("k");
	return found ?? assert.fail("the key was not taken");
};

const isGenuine = (token: string, publicKey: KeyObject, more: object = {}): boolean => {
	const jwt = parseForeignJwt(token);
	return jwt !== undefined && isSignedBy(jwt, keyOf(publicKey, more));
};

describe("the signature of a foreign token", () => {
	for (const [alg, { privateKey, publicKey }] of Object.entries(pairs)) {
		it(`is verified by ${alg}, and by none that was changed`, () => {
			const token = tokenBy(alg, privateKey);
			assert.equal(isGenuine(token, publicKey), true);
			const [head, , mark] = token.split(".");
			assert.equal(isGenuine(`${head}.${encode({ ...CLAIMS, sub: "other" })}.${mark}`, publicKey), false);
			assert.equal(isGenuine(token.slice(0, -20), publicKey), false);
		});
	}

	it("is not verified by a key of another kind, or one for another algorithm", () => {
		for (const [alg, { privateKey }] of Object.entries(pairs)) {
			for (const [other, { publicKey }] of Object.entries(pairs)) {
				const isSame = publicKey === pairs[alg]?.publicKey;
				assert.equal(isGenuine(tokenBy(alg, privateKey), publicKey), isSame, `${alg} by a key for ${other}`);
				if (isSame) {
					const given = isGenuine(tokenBy(alg, privateKey), publicKey, { alg: other });
					assert.equal(given, alg === other, `${alg} by a key that says ${other}`);
				}
			}
		}
	});

	it("is none without an algorithm, or with one of a shared secret", () => {
		const pem = rsa.publicKey.export({ type: "spki", format: "pem" });
		for (const alg of ["none", "None", "HS256", "HS512", "RSA-OAEP", ""]) {
			const signed = `${encode({ alg, kid: "k" })}.${encode(CLAIMS)}`;
			// By the public key as if it were a secret: the oldest trick of all.
			const mark = createHmac("sha256", pem).update(signed).digest("base64url");
			assert.equal(parseForeignJwt(`${signed}.${mark}`), undefined, alg);
			assert.equal(parseForeignJwt(`${signed}.`), undefined, alg);
		}
	});
});

describe("a foreign token", () => {
	const key = p256.privateKey;

	it("is not read when it is malformed, too long or asks for what is not understood", () => {
		const good = tokenBy("ES256", key);
		assert.ok(parseForeignJwt(good) !== undefined);
		const signed = (header: object) => `${encode(header)}.${encode(CLAIMS)}.AA`;
		for (const bad of [
			"",
			"a.b",
			"..",
			`${good}.x`,
			signed({ alg: "ES256" }),
			signed({ alg: "ES256", kid: "" }),
			signed({ alg: "ES256", kid: "k", crit: ["exp"] }),
			tokenBy("ES256", key, { ...CLAIMS, pad: "x".repeat(20_000) }),
			tokenBy("ES256", key, { ...CLAIMS, exp: "tomorrow" }),
			tokenBy("ES256", key, { ...CLAIMS, sub: undefined }),
			tokenBy("ES256", key, { ...CLAIMS, aud: [1] }),
			tokenBy("ES256", key, { ...CLAIMS, aud: undefined }),
			`${encode({ alg: "ES256", kid: "k" })}.${Buffer.from("[]").toString("base64url")}.AA`,
		]) {
			assert.equal(parseForeignJwt(bad), undefined, bad.slice(0, 80));
		}
	});

	it("is told from passwords and secrets of robots by how it looks", () => {
		assert.equal(looksLikeJwt(tokenBy("ES256", key)), true);
		assert.equal(looksLikeJwt(`${encode({ alg: "none" })}.${encode({})}.`), true);
		for (const text of ["", "correct-horse", "a.b.c", "x".repeat(43), "eyJ", "eyJ.x", "eyJhbGciOiJub25lIn0.x.y z"]) {
			assert.equal(looksLikeJwt(text), false, text);
		}
	});
});

describe("a set of keys", () => {
	it("has those that verify signatures, and passes over all others", () => {
		const jwk = (publicKey: KeyObject) => publicKey.export({ format: "jwk" });
		const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
		const keys = readKeySet({
			keys: [
				{ kid: "good", ...jwk(rsa.publicKey) },
				{ kid: "weak", ...jwk(weak.publicKey) },
				{ kid: "for-encryption", use: "enc", ...jwk(rsa.publicKey) },
				{ kid: "secret", kty: "oct", k: "c2VjcmV0" },
				{ kid: "bitcoin", ...jwk(ec("secp256k1").publicKey) },
				{ kid: "exchange", ...jwk(generateKeyPairSync("x25519").publicKey) },
				{ kid: "broken", kty: "RSA", n: "!", e: "AQAB" },
				{ ...jwk(p256.publicKey) },
				"nonsense",
			],
		});
		assert.deepEqual([...keys.keys()], ["good"]);
		assert.equal(keys.get("good")?.key.type, "public");
	});

	it("is refused when it is none, or larger than any is", () => {
		for (const document of [undefined, [], {}, { keys: {} }, { keys: Array.from({ length: 101 }, () => ({})) }]) {
			assert.throws(() => readKeySet(document));
		}
	});
});
