import type { SigningKey, SigningKeyState } from "#/metadata/signing-keys.ts";
import { all, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { mayGoOn } from "#/metadata/sql/journal/is-held.ts";
import { listSigningKeys } from "./signing-key-queries.ts";

/** A key that was just made and is nowhere yet. */
type FreshKey = Omit<SigningKey, "state" | "since" | "createdAt">;

/** What {@link advanceSigningKeys} takes; times in milliseconds. */
export interface AdvanceInput {
	readonly fresh: FreshKey;
	readonly publishMs: number;
	readonly signMs: number;
	readonly retireMs: number;
}

/** What {@link replaceSigningKeys} takes. */
export interface ReplaceInput {
	readonly fresh: FreshKey;
	readonly fence?: number | undefined;
}

/** One step of the keys' life: see `SigningKeys.advance`. */
export function* advanceSigningKeys(step: AdvanceInput, context: StepContext): Step<readonly SigningKey[]> {
	yield* lockKeys(context);
	yield* all("DELETE FROM signing_keys WHERE state = 'retired' AND since <= ?", context.now - step.retireMs);
	const keys = yield* listSigningKeys();
	const active = keys.find((key) => key.state === "active");
	const next = keys.find((key) => key.state === "next");
	if (active === undefined) {
		if (next === undefined) yield* insertKey(step.fresh, "active", context);
		else yield* moveKey(next, "active", context);
	} else if (next === undefined) {
		// Soon enough to have been public for `publishMs` when the active key's time is over.
		const due = active.since + step.signMs - step.publishMs;
		if (due <= context.now) yield* insertKey(step.fresh, "next", context);
	} else if (next.since + step.publishMs <= context.now && active.since + step.signMs <= context.now) {
		yield* moveKey(active, "retired", context);
		yield* moveKey(next, "active", context);
	}
	return yield* listSigningKeys();
}

/** Forgets every key at once and starts anew: see `SigningKeys.replaceAll`. */
export function* replaceSigningKeys({ fresh, fence }: ReplaceInput, context: StepContext): Step<boolean> {
	if (!(yield* mayGoOn(fence, context))) return false;
	yield* lockKeys(context);
	yield* all("DELETE FROM signing_keys");
	yield* insertKey(fresh, "active", context);
	return true;
}

function* lockKeys(context: StepContext): Step<void> {
	yield* all(`SELECT name FROM counters WHERE name = 'signing-keys'${context.dialect.forUpdate}`);
}

function* insertKey(fresh: FreshKey, state: SigningKeyState, context: StepContext): Step<void> {
	yield* all(
		"INSERT INTO signing_keys (kid, state, public_jwk, sealed_private, created_at, since) VALUES (?, ?, ?, ?, ?, ?)",
		fresh.kid,
		state,
		fresh.publicJwk,
		fresh.sealedPrivate,
		context.now,
		context.now,
	);
}

function* moveKey(key: SigningKey, state: SigningKeyState, context: StepContext): Step<void> {
	yield* all("UPDATE signing_keys SET state = ?, since = ? WHERE kid = ?", state, context.now, key.kid);
}
