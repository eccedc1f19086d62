import { POLICY_KINDS, type Policy, type PolicyKind } from "#/metadata/policies.ts";
import { intOf, isRecord, jsonOf, textOf, wordOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Row, type Step } from "#/metadata/sql/engine/statement.ts";

const COLUMNS = "kind, uid, generation, spec, state";

/** What {@link listPolicies} takes. */
export interface PoliciesInput {
	readonly kind: PolicyKind;
	readonly last?: string | undefined;
	readonly limit: number;
}

/** A page of policies: see `Policies.list`. */
export function* listPolicies({ kind, last, limit }: PoliciesInput): Step<readonly Policy[]> {
	const rows = yield* all(
		`SELECT ${COLUMNS} FROM policies WHERE kind = ? AND uid > ? ORDER BY uid LIMIT ?`,
		kind,
		last ?? "",
		limit,
	);
	return rows.map(toPolicy);
}

/** The policy with this uid: see `Policies.find`. */
export function* findPolicy({ uid }: { readonly uid: string }): Step<Policy | undefined> {
	const row = yield* first(`SELECT ${COLUMNS} FROM policies WHERE uid = ?`, uid);
	return row && toPolicy(row);
}

function toPolicy(row: Row): Policy {
	const spec = jsonOf(row, "spec");
	const state = jsonOf(row, "state");
	return {
		kind: wordOf(row, "kind", POLICY_KINDS),
		uid: textOf(row, "uid"),
		generation: intOf(row, "generation"),
		spec: isRecord(spec) ? spec : {},
		state: isRecord(state) ? state : undefined,
	};
}
