import type { RefreshToken } from "#/metadata/identities.ts";
import { all, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

/** Expired tokens that go with each new one, above one so that they do not pile up. */
const PURGE = 8;

const EXPIRED = "SELECT hash FROM refresh_tokens WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";

/** Keeps a refresh token's verifier: see `Identities.putRefreshToken`. */
export function* putRefreshToken(token: RefreshToken, context: StepContext): Step<void> {
	yield* all(`DELETE FROM refresh_tokens WHERE hash ${context.dialect.anyOf(EXPIRED)}`, context.now, PURGE);
	yield* all(
		`INSERT INTO refresh_tokens (hash, principal_kind, principal_uid, principal, service, expires_at)
		VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING`,
		token.hash,
		token.principalKind,
		token.principalUid,
		token.principal,
		token.service,
		token.expiresAt,
	);
}
