import { isDeepStrictEqual } from "node:util";
import type { VolatileStatus } from "#/kube/status/volatile-status.ts";
import type { PolicyFields } from "./policy-deps.ts";

/** What a status says of a policy's runs, and what it would say by the last report. */
export interface FieldChoice {
	readonly uid: string;
	readonly standing: PolicyFields;
	/** Absent when there is no report: what stands goes on standing. */
	readonly reported: PolicyFields | undefined;
	/** Whether somebody waits for it. */
	readonly urgent: boolean;
}

/**
 * Chooses what to write down of a report: at once when a run has ended or will begin at another time, else seldom, as
 * counters change all the time while a run goes on.
 */
export const chooseFields = (
	volatileStatus: VolatileStatus,
	{ uid, standing, reported, urgent }: FieldChoice,
): { readonly fields: PolicyFields; readonly againMs?: number } => {
	if (reported === undefined) return { fields: standing };
	const isNews = urgent || !isDeepStrictEqual(endsOf(standing), endsOf(reported));
	const { value, againMs } = volatileStatus.choose(uid, isNews ? undefined : standing, reported);
	return { fields: value, ...(againMs === undefined ? {} : { againMs }) };
};

const endsOf = ({ runs, nextRunTime }: PolicyFields): unknown => [
	nextRunTime,
	runs.flatMap(({ id, outcome }) => (outcome === "Running" ? [] : [[id, outcome]])),
];
