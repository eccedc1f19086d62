import type { BackupScheduleSpec } from "#/api/kinds/backup-schedule.ts";
import { type FindSlot, findSlot } from "#/jobs/slots.ts";
import { type Child, nameOfRequest, nameOfSlot } from "./children.ts";

/** What is known of a BackupSchedule at one moment. Instants: milliseconds since the epoch. */
export interface ScheduleFacts {
	readonly name: string;
	readonly uid: string;
	readonly spec: Pick<BackupScheduleSpec, "schedule" | "suspend" | "immediate">;
	readonly createdAt: number;
	/** The time of the schedule that was told to be next, for the spec as it is; absent: none was. */
	readonly announced: number | undefined;
	/** The time of the schedule that a Backup was made for last; absent: none was. */
	readonly lastSlot: number | undefined;
	/** Whether no Backup can be made now, whatever is due. */
	readonly isBlocked: boolean;
	/** What somebody asks for by annotation, and was not told yet that it is done; absent: nothing. */
	readonly request: string | undefined;
	/** The newest first. */
	readonly children: readonly Child[];
	readonly now: number;
}

/** What is to be done. */
export interface SchedulePlan {
	/** The Backup to make; absent: none. `slot`: the time of the schedule that it is for; absent: of none. */
	readonly make: { readonly name: string; readonly slot: number | undefined } | undefined;
	/** The Backup whose end is waited for; absent: none. */
	readonly busy: string | undefined;
	/** The time of the schedule that is next, which may be past where something keeps it waiting; absent while suspended. */
	readonly next: number | undefined;
}

/** How late a Backup may be made; a time of the schedule that is longer ago was missed. Milliseconds. */
const LATENESS_MS = 600_000;

/**
 * Plans what a BackupSchedule does now. One Backup at a time; the newest time of the schedule that was told to be next
 * and is not too long ago; others are missed, and missed ones are not made up for.
 */
export const planSchedule = (facts: ScheduleFacts, find: FindSlot = findSlot): SchedulePlan => {
	const { name, spec, children, now, announced, isBlocked } = facts;
	if (spec.suspend) return { make: undefined, busy: undefined, next: undefined };
	const slot = dueSlot(facts, find);
	const after = find(spec.schedule, now);
	const waiting = slot === undefined ? after : announced;
	const busy = children.find(({ outcome }) => outcome === undefined)?.name;
	if (busy !== undefined || isBlocked) return { make: undefined, busy, next: waiting };
	const wanted = askedFor(facts) ?? immediateOf(facts);
	if (wanted !== undefined) return { make: wanted, busy, next: waiting };
	return { make: slot === undefined ? undefined : { name: nameOfSlot(name, slot), slot }, busy, next: after };
};

/** A Backup that others were not made for. */
export interface Delay {
	/** Name of the Backup that does not end. */
	readonly child: string;
	/** The first time of the schedule that was left out for it, milliseconds since the epoch. */
	readonly slot: number;
}

/** What keeps Backups from being made: one that does not end, for which a time was left out; absent: nothing does. */
export const findDelay = (
	{ name, spec, children, now }: Pick<ScheduleFacts, "name" | "spec" | "children" | "now">,
	find: FindSlot = findSlot,
): Delay | undefined => {
	const child = children.findLast(({ outcome }) => outcome === undefined);
	if (child === undefined || spec.suspend) return undefined;
	const first = find(spec.schedule, child.createdAt);
	const isOwn = first !== undefined && nameOfSlot(name, first) === child.name;
	const slot = isOwn ? find(spec.schedule, first) : first;
	return slot === undefined || slot >= now - LATENESS_MS ? undefined : { child: child.name, slot };
};

/** What becomes of a request: it is done when the Backup that was made for it came to its end. */
export const isDone = ({ name, uid, children }: Pick<ScheduleFacts, "name" | "uid" | "children">, request: string) =>
	children.some((child) => child.outcome !== undefined && child.name === nameOfRequest(name, uid, request));

const askedFor = ({ name, uid, request, children }: ScheduleFacts): SchedulePlan["make"] => {
	const wanted = request === undefined ? undefined : nameOfRequest(name, uid, request);
	const isMade = children.some((child) => child.name === wanted);
	return wanted === undefined || isMade ? undefined : { name: wanted, slot: undefined };
};

const immediateOf = ({ name, spec, lastSlot, createdAt }: ScheduleFacts): SchedulePlan["make"] =>
	spec.immediate && lastSlot === undefined ? { name: nameOfSlot(name, createdAt), slot: createdAt } : undefined;

const dueSlot = ({ name, spec, announced, lastSlot, children, now }: ScheduleFacts, find: FindSlot) => {
	if (announced === undefined) return undefined;
	let slot: number | undefined;
	let next = find(spec.schedule, Math.max(announced, now - LATENESS_MS) - 1);
	while (next !== undefined && next <= now) {
		slot = next;
		next = find(spec.schedule, next);
	}
	if (slot === undefined) return undefined;
	// One that lies ahead was taken before the clock was set back.
	const isTaken = lastSlot !== undefined && lastSlot <= now && slot <= lastSlot;
	const taken = nameOfSlot(name, slot);
	return isTaken || children.some((child) => child.name === taken) ? undefined : slot;
};

/** Failed Backups that are kept at most; whole ones are kept for as long as their content can be had. */
const MAX_FAILED = 10;

/**
 * The Backups that say nothing of use any more: what they hold has left the archive, or they failed and ten newer ones
 * did.
 *
 * @param first from when on the Registry can be restored, milliseconds since the epoch; absent: that is not known
 */
export const outlivedOf = (children: readonly Child[], first: number | undefined): readonly Child[] => {
	const failed = children.filter(({ outcome }) => outcome === "Failed").slice(MAX_FAILED);
	const old = children.filter(({ point }) => point !== undefined && first !== undefined && point < first);
	return [...new Set([...failed, ...old])];
};
