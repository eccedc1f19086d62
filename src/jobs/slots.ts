import { Cron } from "croner";

/** The first slot of a schedule (five fields of cron, in UTC) after an instant, both milliseconds since the epoch; absent: there is none. */
export type FindSlot = (schedule: string, after: number) => number | undefined;

/** Reckons it. */
export const findSlot: FindSlot = (schedule, after) => {
	const cron = new Cron(schedule, { paused: true, timezone: "UTC", mode: "5-part" });
	return cron.nextRun(new Date(after))?.getTime();
};

/** Reckons it for one policy, and keeps the answer for as long as it holds: reckoning takes longer than the rest of a look. */
export const keepSlot = (find: FindSlot = findSlot): FindSlot => {
	let kept: { readonly schedule: string; readonly after: number; readonly slot: number | undefined } | undefined;
	return (schedule, after) => {
		const holds = kept?.schedule === schedule && kept.after <= after && after < (kept.slot ?? Number.POSITIVE_INFINITY);
		kept = kept !== undefined && holds ? kept : { schedule, after, slot: find(schedule, after) };
		return kept.slot;
	};
};
