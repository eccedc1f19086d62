import type { SigningKey } from "#/metadata/signing-keys.ts";
import { bytesOf, intOf, textOf, wordOf } from "#/metadata/sql/engine/rows.ts";
import { all, type Step } from "#/metadata/sql/engine/statement.ts";

/** All keys, oldest first: see `SigningKeys.list`. */
export function* listSigningKeys(): Step<readonly SigningKey[]> {
	const rows = yield* all(
		"SELECT kid, state, public_jwk, sealed_private, created_at, since FROM signing_keys ORDER BY created_at, kid",
	);
	return rows.map((row) => ({
		kid: textOf(row, "kid"),
		state: wordOf(row, "state", ["next", "active", "retired"]),
		publicJwk: textOf(row, "public_jwk"),
		sealedPrivate: bytesOf(row, "sealed_private"),
		createdAt: intOf(row, "created_at"),
		since: intOf(row, "since"),
	}));
}
