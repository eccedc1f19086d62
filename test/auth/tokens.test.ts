import assert from "node:assert/strict";
import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { describe, it } from "node:test";
import { signJwt } from "#/auth/jwt.ts";
import { Keyring } from "#/auth/keyring.ts";
import { MasterKey } from "#/auth/master-key.ts";
import { parseScopes } from "#/auth/scopes.ts";
import { createSigningKey } from "#/auth/signing-key-pair.ts";
import { type TokenFacts, Tokens } from "#/auth/tokens.ts";
import { fakeClock, MemorySigningKeys } from "./memory-metadata.ts";

const masterKey = new MasterKey(randomBytes(32));
const ISSUER = "https://registry.test";
const SERVICE = "registry.test";
const alice = { kind: "user", name: "alice", uid: "uid-of-alice", admin: false } as const;
const granted = parseScopes(["repository:team/web:pull,push registry:catalog:*"]);
const MINUTE = 60_000;

const setUp = async (opts: { issuer?: string; service?: string } = {}) => {
	const clock = fakeClock();
	const signingKeys = new MemorySigningKeys(clock);
	const keyring = await Keyring.open(
		{ signingKeys, masterKey, now: clock.now, onRefreshError: () => undefined },
		{ tokenLifetimeMs: 5 * MINUTE },
	);
	const deps = { keyring, now: clock.now, randomBytes };
	const tokens = new Tokens<TokenFacts>(deps, { issuer: ISSUER, service: SERVICE, ...opts }, (facts) => facts);
	return { clock, signingKeys, keyring, tokens, deps };
};

type SetUp = Awaited<ReturnType<typeof setUp>>;

const claimsOf = (token: string): { [name: string]: unknown } =>
	JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token of our keys with claims that differ from a good one's. */
const resign = async ({ keyring, tokens }: SetUp, changes: object): Promise<string> => {
	const { token } = await tokens.issue(alice, granted);
	return signJwt({ ...claimsOf(token), ...changes }, keyring.active.kid, keyring.active.key);
};

describe("a token", () => {
	it("says who it is for, and what it grants, in the claims that Docker's specification names", async () => {
		const { tokens, clock } = await setUp();
		const issued = await tokens.issue(alice, granted);
		const { jti, ...claims } = claimsOf(issued.token);
		const now = clock.at / 1000;
		assert.deepEqual(claims, {
			iss: ISSUER,
			sub: "alice",
			aud: SERVICE,
			iat: now,
			nbf: now,
			exp: now + 300,
			access: [
				{ type: "repository", name: "team/web", actions: ["pull", "push"] },
				{ type: "registry", name: "catalog", actions: ["*"] },
			],
			limani: { kind: "user", uid: "uid-of-alice", admin: false },
		});
		assert.match(String(jti), /^[\w-]{22}$/);
		assert.deepEqual([issued.expiresIn, issued.issuedAt], [300, clock.at]);
	});

	it("gives back what it was made with", async () => {
		const { tokens } = await setUp();
		for (const principal of [
			alice,
			{ kind: "robot", name: "robot$ci", uid: "u" },
			{ kind: "anonymous" },
			{ ...alice, admin: true },
		] as const) {
			assert.deepEqual(await tokens.verify((await tokens.issue(principal, granted)).token), { principal, granted });
		}
	});

	it("is verified by another implementation with the published keys", async () => {
		const { tokens, keyring } = await setUp();
		const { token } = await tokens.issue(alice, granted);
		const [head = "", payload = "", mark = ""] = token.split(".");
		const { kid, alg, typ } = JSON.parse(Buffer.from(head, "base64url").toString());
		assert.deepEqual([alg, typ], ["ES256", "JWT"]);
		const jwk = keyring.jwks().keys.find((published) => "kid" in published && published.kid === kid);
		assert.ok(jwk);
		const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
		const key = await crypto.subtle.importKey("jwk", { ...jwk }, algorithm, false, ["verify"]);
		const signed = Buffer.from(`${head}.${payload}`);
		assert.equal(await crypto.subtle.verify(algorithm, key, Buffer.from(mark, "base64url"), signed), true);
	});

	it("serves until it expires, remembered or not", async () => {
		const { tokens, clock, deps } = await setUp();
		const { token } = await tokens.issue(alice, granted);
		clock.at += 299_999;
		assert.ok(await tokens.verify(token));
		assert.equal(tokens.verify(token) instanceof Promise, false, "it is remembered");
		clock.at += 1;
		assert.equal(await tokens.verify(token), undefined);
		const fresh = new Tokens<TokenFacts>(deps, { issuer: ISSUER, service: SERVICE }, (facts) => facts);
		assert.equal(await fresh.verify(token), undefined);
	});

	it("serves a replica whose clock is up to a minute behind", async () => {
		const { tokens, clock } = await setUp();
		const { token } = await tokens.issue(alice, granted);
		clock.at -= 60_000;
		assert.ok(await tokens.verify(token));
		const { token: another } = await tokens.issue(alice, granted);
		clock.at -= 61_000;
		assert.equal(await tokens.verify(another), undefined);
	});

	it("serves after its key was retired, for all of its life", async () => {
		const { tokens, clock, keyring, deps } = await setUp();
		clock.at += 30 * 24 * 60 * MINUTE;
		await keyring.refresh();
		clock.at += MINUTE - 1;
		const { token } = await tokens.issue(alice, granted);
		const { kid } = keyring.active;
		clock.at += 1;
		await keyring.refresh();
		assert.notEqual(keyring.active.kid, kid);
		clock.at += 298_000;
		await keyring.refresh();
		const fresh = new Tokens<TokenFacts>(deps, { issuer: ISSUER, service: SERVICE }, (facts) => facts);
		for (const verifier of [tokens, fresh]) assert.ok(await verifier.verify(token));
	});

	it("ends with its key, though it is remembered", async () => {
		const { tokens, signingKeys, keyring } = await setUp();
		const { token } = await tokens.issue(alice, granted);
		assert.ok(await tokens.verify(token));
		await signingKeys.replaceAll(await createSigningKey(masterKey));
		assert.ok(await tokens.verify(token), "until this replica has looked again");
		await keyring.refresh();
		assert.equal(await tokens.verify(token), undefined);
	});

	it("of another replica is verified with a key that is not known here yet", async () => {
		const { tokens, signingKeys, clock } = await setUp();
		await signingKeys.replaceAll(await createSigningKey(masterKey));
		const deps = { signingKeys, masterKey, now: clock.now, onRefreshError: () => undefined };
		using keyring = await Keyring.open(deps, { tokenLifetimeMs: 5 * MINUTE });
		const other = new Tokens(
			{ keyring, now: clock.now, randomBytes },
			{ issuer: ISSUER, service: SERVICE },
			() => undefined,
		);
		assert.ok(await tokens.verify((await other.issue(alice, granted)).token));
	});

	it("lives for a minute at least", async () => {
		const { deps } = await setUp();
		assert.throws(
			() => new Tokens(deps, { issuer: ISSUER, service: SERVICE, lifetimeS: 59 }, () => undefined),
			RangeError,
		);
	});
});

describe("a token is refused", () => {
	const claimCases: readonly (readonly [why: string, changes: object])[] = [
		["of another issuer", { iss: "https://elsewhere.test" }],
		["of no issuer", { iss: undefined }],
		["for another audience", { aud: "elsewhere.test" }],
		["for several audiences", { aud: [SERVICE, "elsewhere.test"] }],
		["for a longer audience", { aud: `${SERVICE}.evil` }],
		["that is expired", { exp: 1_000 }],
		["that never expires", { exp: undefined }],
		["that expires at no number", { exp: "9999999999" }],
		["that is not valid yet", { nbf: 4_000_000_000 }],
		["from the future", { iat: 4_000_000_000 }],
		["without access", { access: undefined }],
		["with access that is no list", { access: { type: "repository" } }],
		["without an identity", { limani: undefined }],
		["of a kind that does not exist", { limani: { kind: "god" } }],
	];
	for (const [why, changes] of claimCases) {
		it(why, async () => {
			const set = await setUp();
			assert.equal(await set.tokens.verify(await resign(set, changes)), undefined);
		});
	}

	it("never when nothing was changed", async () => {
		const set = await setUp();
		assert.ok(await set.tokens.verify(await resign(set, {})));
	});

	it("signed by another key that claims to be ours", async () => {
		const { tokens, keyring } = await setUp();
		const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		const claims = claimsOf((await tokens.issue(alice, granted)).token);
		assert.equal(await tokens.verify(signJwt(claims, keyring.active.kid, privateKey)), undefined);
		assert.equal(await tokens.verify(signJwt(claims, "another", privateKey)), undefined);
	});

	it("with a key of its own in the header", async () => {
		const { tokens, keyring } = await setUp();
		const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
		const claims = (await tokens.issue(alice, granted)).token.split(".")[1];
		const jwk = publicKey.export({ format: "jwk" });
		const signed = `${encode({ alg: "ES256", typ: "JWT", kid: keyring.active.kid, jwk })}.${claims}`;
		const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
		assert.equal(await tokens.verify(`${signed}.${signature.toString("base64url")}`), undefined);
	});

	it("without a signature, whatever it calls its algorithm", async () => {
		const { tokens, keyring } = await setUp();
		const claims = (await tokens.issue(alice, granted)).token.split(".")[1];
		for (const alg of ["none", "None", "NONE", "ES256", "", undefined]) {
			const head = encode({ alg, typ: "JWT", kid: keyring.active.kid });
			for (const tail of ["", ".", `.${"A".repeat(86)}`]) {
				assert.equal(await tokens.verify(`${head}.${claims}${tail}`), undefined, `${alg} ${tail}`);
			}
		}
	});

	it("signed with our public key as an HMAC's secret", async () => {
		const { tokens, keyring } = await setUp();
		const claims = (await tokens.issue(alice, granted)).token.split(".")[1];
		const publicKey = createPublicKey(keyring.active.key);
		const secrets = [
			publicKey.export({ type: "spki", format: "pem" }),
			publicKey.export({ type: "spki", format: "der" }),
		];
		for (const alg of ["HS256", "ES256"]) {
			const signed = `${encode({ alg, typ: "JWT", kid: keyring.active.kid })}.${claims}`;
			for (const secret of secrets) {
				const mark = createHmac("sha256", secret).update(signed).digest("base64url");
				assert.equal(await tokens.verify(`${signed}.${mark}`), undefined);
			}
		}
	});

	it("that names another algorithm, though our key signed it", async () => {
		const { tokens, keyring } = await setUp();
		const claims = (await tokens.issue(alice, granted)).token.split(".")[1];
		const { kid, key } = keyring.active;
		for (const alg of ["HS256", "none", "ES384", "es256", undefined, "ES256"]) {
			const signed = `${encode({ alg, typ: "JWT", kid })}.${claims}`;
			const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
			const verified = await tokens.verify(`${signed}.${signature.toString("base64url")}`);
			assert.equal(verified !== undefined, alg === "ES256", `${alg}`);
		}
	});

	it("with extensions that must be understood", async () => {
		const { tokens, keyring } = await setUp();
		const claims = (await tokens.issue(alice, granted)).token.split(".")[1];
		const { kid, key } = keyring.active;
		const signed = `${encode({ alg: "ES256", typ: "JWT", kid, crit: ["exp"] })}.${claims}`;
		const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
		assert.equal(await tokens.verify(`${signed}.${signature.toString("base64url")}`), undefined);
	});

	it("of which any character was changed, added or taken away", async () => {
		const { tokens } = await setUp();
		const { token } = await tokens.issue(alice, granted);
		for (let i = 0; i < token.length; i++) {
			const char = token[i] === "A" ? "B" : "A";
			assert.equal(await tokens.verify(token.slice(0, i) + char + token.slice(i + 1)), undefined, `character ${i}`);
		}
		for (const changed of [`${token}A`, `${token}=`, `${token}.`, token.slice(0, -1), ` ${token}`, `${token} `]) {
			assert.equal(await tokens.verify(changed), undefined);
		}
	});

	it("when it is no token at all", async () => {
		const { tokens } = await setUp();
		for (const text of ["", ".", "..", "...", "a.b.c", "{}.{}.{}", `${encode(null)}..`, "x".repeat(100_000)]) {
			assert.equal(await tokens.verify(text), undefined, text.slice(0, 20));
		}
	});
});
