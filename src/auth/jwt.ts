import { type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";

/** Tokens longer than this are not looked at, in characters. */
const MAX_LENGTH = 16_384;
/** An ES256 signature is two 32-byte integers (RFC 7518 §3.4). */
const SIGNATURE_SIZE = 64;

const headerSchema = z.object({
	// The one algorithm: a token has no say in how it is verified.
	alg: z.literal("ES256"),
	typ: z.literal("JWT").optional(),
	kid: z.string().min(1).max(128),
	// Extensions that must be understood; we understand none (RFC 7515 §4.1.11).
	crit: z.undefined().optional(),
});

/** Signs claims into a JWT in compact form, with ES256. */
export const signJwt = (claims: object, kid: string, key: KeyObject): string => {
	const header = encode({ alg: "ES256", typ: "JWT", kid });
	const signed = `${header}.${encode(claims)}`;
	const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
	return `${signed}.${signature.toString("base64url")}`;
};

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token whose form is right and whose signature was not looked at yet. */
export interface UnverifiedJwt {
	readonly kid: string;
	readonly signed: string;
	readonly signature: Buffer;
	readonly payload: string;
}

/** Takes a compact JWT apart; undefined when it is not one, or not ES256. Nothing in it is to be trusted yet. */
export const parseJwt = (token: string): UnverifiedJwt | undefined => {
	if (token.length > MAX_LENGTH) return undefined;
	const [head, payload, mark, ...rest] = token.split(".");
	if (head === undefined || payload === undefined || mark === undefined || rest.length > 0) return undefined;
	const header = headerSchema.safeParse(parseJson(head));
	if (!header.success) return undefined;
	const signature = Buffer.from(mark, "base64url");
	if (signature.length !== SIGNATURE_SIZE || signature.toString("base64url") !== mark) return undefined;
	return { kid: header.data.kid, signed: `${head}.${payload}`, signature, payload };
};

/** The claims of a token that this key signed, as foreign JSON; undefined when it did not. */
export const verifyJwt = ({ signed, signature, payload }: UnverifiedJwt, key: KeyObject): unknown =>
	verify("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }, signature) ? parseJson(payload) : undefined;

const parseJson = (encoded: string): unknown => {
	try {
		return JSON.parse(Buffer.from(encoded, "base64url").toString());
	} catch {
		return undefined;
	}
};
