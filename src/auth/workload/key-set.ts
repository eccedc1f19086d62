import { createPublicKey, type KeyObject } from "node:crypto";
import { z } from "zod";
import { isUsableKey } from "./signature-algorithms.ts";

/** A public key that tokens of an issuer are signed with. */
export interface VerificationKey {
	readonly key: KeyObject;
	/** The one algorithm that it is for; absent: any of its kind. */
	readonly alg?: string;
}

/** Public keys by their ids. */
export type KeySet = ReadonlyMap<string, VerificationKey>;

/** More than any issuer has at a time. */
const MAX_KEYS = 100;

const keySchema = z.looseObject({
	kty: z.enum(["RSA", "EC", "OKP"]),
	kid: z.string().min(1).max(512),
	alg: z.string().max(32).optional(),
	use: z.string().max(32).optional(),
});

const setSchema = z.object({ keys: z.array(z.unknown()).max(MAX_KEYS) });

/**
 * The keys of a JWK set (RFC 7517 §5) that verify signatures. Members of other kinds, for other uses and without an id
 * are passed over, as §5 wants it; private parts of a key are not looked at.
 *
 * @throws z.ZodError when it is no set of at most 100 keys
 */
export const readKeySet = (document: unknown): KeySet => {
	const { keys } = setSchema.parse(document);
	const found = new Map<string, VerificationKey>();
	for (const member of keys) {
		const parsed = keySchema.safeParse(member);
		if (!parsed.success || (parsed.data.use ?? "sig") !== "sig") continue;
		const { kid, alg } = parsed.data;
		const key = toKey(parsed.data);
		if (key !== undefined) found.set(kid, { key, ...(alg === undefined ? {} : { alg }) });
	}
	return found;
};

const toKey = ({ kty, n, e, crv, x, y }: z.infer<typeof keySchema>): KeyObject | undefined => {
	try {
		const members = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined);
		const key = createPublicKey({ key: Object.fromEntries(members), format: "jwk" });
		return isUsableKey(key) ? key : undefined;
	} catch {
		return undefined;
	}
};
