import type { Policies } from "#/metadata/policies.ts";
import { lockControl, writeReport } from "#/metadata/sql/control/control-rows.ts";
import { intOf, maybeText } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { leaseOf } from "./policy-rows.ts";

/** What {@link savePolicy} takes. */
export type SavePolicyInput = { readonly uid: string } & Parameters<Policies["save"]>[1];

/** The most that a policy's state or report may weigh as JSON, bytes. */
const MAX_KEPT_BYTES = 64 * 1024;

/**
 * Keeps what the holder of a policy's lease knows and tells of it: see `Policies.save`.
 *
 * @throws RangeError when one of the two is too large
 */
export function* savePolicy({ uid, fence, state, report }: SavePolicyInput, context: StepContext): Step<boolean> {
	const texts = { state: toText("state", state), report: toText("report", report) };
	// In the order in which changes by the control plane lock, which delete policies with their leases.
	yield* lockControl(context);
	if (!(yield* isHeld(uid, fence, context))) return false;
	const known = yield* first(
		`SELECT p.state, c.report FROM policies p JOIN control_resources c ON c.uid = p.uid AND c.deleted = 0
		WHERE p.uid = ?`,
		uid,
	);
	if (known === undefined) return false;
	if (texts.state !== undefined && texts.state !== maybeText(known, "state")) {
		yield* all("UPDATE policies SET state = ? WHERE uid = ?", texts.state, uid);
	}
	if (texts.report !== undefined && texts.report !== maybeText(known, "report")) {
		yield* writeReport(uid, texts.report);
	}
	return true;
}

/** Whether the lease on the policy is that of `fence`, and not over. */
function* isHeld(uid: string, fence: number, context: StepContext): Step<boolean> {
	const lease = yield* first(
		`SELECT fence FROM leases WHERE name = ? AND lease_until > ?${context.dialect.forShare}`,
		leaseOf(uid),
		context.now,
	);
	return lease !== undefined && intOf(lease, "fence") === fence;
}

function toText(what: string, kept: object | undefined): string | undefined {
	if (kept === undefined) return undefined;
	const text = JSON.stringify(kept);
	const bytes = Buffer.byteLength(text);
	if (bytes > MAX_KEPT_BYTES) {
		throw new RangeError(`the ${what} of a policy is ${bytes} bytes, at most ${MAX_KEPT_BYTES} fit`);
	}
	return text;
}
