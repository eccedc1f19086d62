import type { COMMON_REASONS } from "#/api/fields/status.ts";
import type { Standing } from "./plane/observations.ts";
import type { PlaneLink } from "./plane/plane-link.ts";

/** How a resource stands, in the words of its Ready condition. */
export interface Verdict<Reason extends string = keyof typeof COMMON_REASONS> {
	/**
	 * Ready: all is so. Working: something is under way or waited for. Stalled: nothing more is tried until something
	 * changes. Resting: nothing is to be done, though not all is so.
	 */
	readonly is: "Ready" | "Working" | "Stalled" | "Resting";
	readonly reason: Reason;
	readonly message: string;
}

/** Why the data plane's word on a wish is not yes. */
export type StandingReason = "NameTaken" | "InvalidSpec" | "Failed" | "Progressing" | "DependencyNotReady";

/** What a wish comes to at the data plane; absent when it is in force. */
export const judgeStanding = (
	standing: Standing | undefined,
	link: Pick<PlaneLink, "trouble">,
): Verdict<StandingReason> | undefined => {
	if (standing === undefined) {
		return link.trouble === undefined
			? { is: "Working", reason: "Progressing", message: "waiting until the registry has it" }
			: { is: "Working", reason: "DependencyNotReady", message: `the registry does not answer: ${link.trouble}` };
	}
	if (standing.ready) return undefined;
	const { reason, message } = standing;
	if (reason === "NameTaken") return { is: "Stalled", reason, message };
	if (reason === "Invalid" || reason === "TooLarge") return { is: "Stalled", reason: "InvalidSpec", message };
	return { is: "Working", reason: "Failed", message: `${reason}: ${message}` };
};
