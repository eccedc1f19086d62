import type { RetentionPolicySpec } from "#/api/retention-policy-spec.ts";
import { allowance } from "#/jobs/mass-guard.ts";

/** What is said of a run that would take away more; undefined: it may. */
export const judgeMass = (
	guard: RetentionPolicySpec["guard"],
	{ looked, removed }: { readonly looked: number; readonly removed: number },
): string | undefined => {
	if (removed <= allowance(guard, looked)) return undefined;
	const share = Math.floor((removed / looked) * 100);
	return [
		`nothing was removed: ${removed} of ${looked} artifacts (${share} %) would have gone, and at most`,
		`${guard.maxShare} % may go in one run. Look at the decisions; if they are right, raise guard.maxShare and run it`,
		"again, else mend the rules",
	].join(" ");
};
