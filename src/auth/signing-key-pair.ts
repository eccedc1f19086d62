import { createPrivateKey, createPublicKey, generateKeyPair, hash, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import type { SigningKey } from "#/metadata/signing-keys.ts";
import type { MasterKey } from "./master-key.ts";

const publicJwkSchema = z.object({ kty: z.literal("EC"), crv: z.literal("P-256"), x: z.string(), y: z.string() });

/** The public half of an ES256 key (RFC 7518 §6.2). */
export type PublicJwk = z.infer<typeof publicJwkSchema>;

/** A key as metadata takes a new one. */
export type FreshSigningKey = Pick<SigningKey, "kid" | "publicJwk" | "sealedPrivate">;

const generate = promisify(generateKeyPair);

/** Makes a new ES256 key, its private half sealed. Its kid is the thumbprint of its public half (RFC 7638). */
export const createSigningKey = async (masterKey: MasterKey): Promise<FreshSigningKey> => {
	const { publicKey, privateKey } = await generate("ec", { namedCurve: "P-256" });
	const { crv, kty, x, y } = publicJwkSchema.parse(publicKey.export({ format: "jwk" }));
	// The thumbprint is over exactly these members in exactly this order.
	const publicJwk = JSON.stringify({ crv, kty, x, y });
	const kid = hash("sha256", publicJwk, "base64url");
	const der = privateKey.export({ type: "pkcs8", format: "der" });
	return { kid, publicJwk, sealedPrivate: masterKey.seal(der, purposeOf(kid)) };
};

/** The public half of a stored key; throws when metadata holds something else. */
export const readPublicKey = ({ publicJwk }: Pick<SigningKey, "publicJwk">): { jwk: PublicJwk; key: KeyObject } => {
	const jwk = publicJwkSchema.parse(JSON.parse(publicJwk));
	return { jwk, key: createPublicKey({ key: jwk, format: "jwk" }) };
};

/** The private half of a stored key. @throws MasterKeyError OTHER_KEY, CORRUPT, UNKNOWN_FORMAT */
export const openPrivateKey = (
	{ kid, sealedPrivate }: Pick<SigningKey, "kid" | "sealedPrivate">,
	masterKey: MasterKey,
): KeyObject =>
	createPrivateKey({
		key: Buffer.from(masterKey.open(sealedPrivate, purposeOf(kid))),
		format: "der",
		type: "pkcs8",
	});

const purposeOf = (kid: string): string => `signing-key:${kid}`;
