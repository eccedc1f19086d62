import { z } from "zod";
import type { VerificationKey } from "./key-set.ts";
import { isSignatureOf, SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from "./signature-algorithms.ts";

/** Tokens longer than this are not looked at, in characters. */
const MAX_LENGTH = 16_384;

const headerSchema = z.object({
	// Never `none`, and none of those that are signed with a secret.
	alg: z.enum(SIGNATURE_ALGORITHMS),
	kid: z.string().min(1).max(512),
	// Extensions that must be understood; we understand none (RFC 7515 §4.1.11).
	crit: z.undefined().optional(),
});

/** Seconds since the epoch; issuers may write fractions (RFC 7519 §2). */
const instant = z.number().min(0).max(1e11);

const claimsSchema = z.looseObject({
	iss: z.string().min(1).max(1_024),
	sub: z.string().min(1).max(1_024),
	aud: z.union([z.string().max(1_024), z.array(z.string().max(1_024)).max(64)]),
	exp: instant,
	nbf: instant.optional(),
	iat: instant.optional(),
});

/** What a token of somebody else says, all of it. */
export type ForeignClaims = z.infer<typeof claimsSchema>;

/** A token whose form is right. Nothing in it is to be trusted before {@link isSignedBy} has said so. */
export interface ForeignJwt {
	readonly alg: SignatureAlgorithm;
	readonly kid: string;
	readonly claims: ForeignClaims;
	readonly signed: string;
	readonly signature: Buffer;
}

/** Whether a text given as a password is meant to be a JWT, well formed or not: no secret of a robot is. */
export const looksLikeJwt = (text: string): boolean => /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(text);

/** Takes a JWT in compact form apart; undefined when it is none, or of an algorithm that is not accepted. */
export const parseForeignJwt = (token: string): ForeignJwt | undefined => {
	if (token.length > MAX_LENGTH) return undefined;
	const [head, payload, mark, ...rest] = token.split(".");
	if (head === undefined || payload === undefined || mark === undefined || rest.length > 0) return undefined;
	const header = headerSchema.safeParse(parseJson(head));
	const claims = claimsSchema.safeParse(parseJson(payload));
	if (!header.success || !claims.success) return undefined;
	const { alg, kid } = header.data;
	return { alg, kid, claims: claims.data, signed: `${head}.${payload}`, signature: Buffer.from(mark, "base64url") };
};

/** Whether the key signed it. A key is good for the algorithms of its kind alone, and for one where its issuer says so. */
export const isSignedBy = ({ alg, signed, signature }: ForeignJwt, key: VerificationKey): boolean =>
	(key.alg === undefined || key.alg === alg) && isSignatureOf(alg, key.key, Buffer.from(signed), signature);

const parseJson = (encoded: string): unknown => {
	try {
		return JSON.parse(Buffer.from(encoded, "base64url").toString());
	} catch {
		return undefined;
	}
};
