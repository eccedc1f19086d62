import { durationMs } from "#/api/fields/durations.ts";
import { formatExactInstant, instantMs } from "#/api/fields/instants.ts";
import { type BackupStatus, parseBackup } from "#/api/kinds/backup.ts";
import type { Registry, RegistryReason, RegistryStatus } from "#/api/kinds/registry.ts";
import type { ArchiveStanding, Control } from "#/control/control.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { Patience } from "#/operator/policy/patience.ts";
import { BY_REGISTRY } from "./observe.ts";
import type { RegistryFinding } from "./plan.ts";
import { unlessAway } from "./unless-away.ts";

/** What is told of a Registry's backups. */
interface ToldBackups {
	readonly fields: Pick<RegistryStatus, "firstRecoverabilityPoint" | "lastSuccessfulBackup">;
	readonly asides: readonly RegistryFinding[];
	readonly dropped: readonly RegistryFinding["type"][];
}

/** What {@link tellBackups} works with. */
export interface BackupsDeps {
	readonly backups: ObjectStore;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	/** With a registry that starts, which ships what it missed before anybody need be told. */
	readonly patience: Patience;
}

/** How long a registry that starts may take to ship what it missed, milliseconds. */
export const SHIPPING_MS = 120_000;

/**
 * How the backups of a Registry stand, for the status; what was last seen stands while its data plane cannot be asked.
 *
 * @param control absent while nothing runs
 */
export const tellBackups = async (
	{ backups, now, patience }: BackupsDeps,
	registry: Registry,
	control: Pick<Control, "archive"> | undefined,
	signal: AbortSignal,
): Promise<ToldBackups> => {
	const { metadata, spec, status } = registry;
	if (spec.backup === undefined) {
		patience.end(metadata.uid);
		return { fields: {}, asides: [], dropped: ["BackupReady"] };
	}
	const standing = (await unlessAway(control?.archive({}, signal) ?? NOBODY, undefined))?.archive;
	if (standing === undefined) {
		const { firstRecoverabilityPoint: first, lastSuccessfulBackup: last } = status;
		return { fields: fieldsOf(first, last), asides: [], dropped: [] };
	}
	const ended = backups.by(BY_REGISTRY, `${metadata.namespace}/${metadata.name}`).flatMap((object) => {
		const parsed = parseBackup(object);
		return "invalid" in parsed ? [] : [{ name: parsed.resource.metadata.name, status: parsed.resource.status }];
	});
	const limitMs = Math.max(LATE_ROUNDS * durationMs(spec.backup.journalInterval), LATE_MS);
	const finding = judgeBackups({ standing, failed: lastFailed(ended, standing), lateSince: now() - limitMs });
	const isBehind = finding.reason === "JournalBehind";
	const isForgiven = (isBehind ? patience.left(metadata.uid) : patience.end(metadata.uid)) !== undefined;
	const first = standing.firstRecoverabilityPoint;
	const last = standing.lastSuccessfulBackup?.finishedAt;
	return { fields: fieldsOf(inWords(first), inWords(last)), asides: isForgiven ? [] : [finding], dropped: [] };
};

/** What a data plane says that is not there. */
const NOBODY = Promise.resolve(undefined);

/** Rounds of shipping the journal that may fail before somebody is told, and how long that is at least, milliseconds. */
const LATE_ROUNDS = 10;
const LATE_MS = 600_000;

/** What {@link judgeBackups} looks at. */
export interface SeenBackups {
	readonly standing: ArchiveStanding;
	/** The Backup that failed after the last one that did not; absent: none did. */
	readonly failed: { readonly name: string; readonly error: string } | undefined;
	/** What changed before has to be in the archive, milliseconds since the epoch. */
	readonly lateSince: number;
}

/** Whether the backups of a Registry can be relied upon. */
export const judgeBackups = ({ standing, failed, lateSince }: SeenBackups): RegistryFinding => {
	const { away, firstRecoverabilityPoint: first, lastSuccessfulBackup: last, shippedUntil } = standing;
	const not = (reason: RegistryReason, message: string): RegistryFinding => ({
		type: "BackupReady",
		status: "False",
		reason,
		message,
	});
	if (away !== undefined) return not("ArchiveUnavailable", away);
	if (failed !== undefined) return not("BackupFailed", `the Backup ${failed.name} failed: ${failed.error}`);
	if (last === undefined)
		return not("BackupMissing", "there is no whole backup yet: a Backup or a BackupSchedule makes one");
	const until = shippedUntil ?? last.at;
	if (until < lateSince) {
		return not(
			"JournalBehind",
			`what changed after ${formatExactInstant(until)} is not in the archive: the registry's log says why`,
		);
	}
	const message = `every instant since ${formatExactInstant(first ?? last.at)} can be had again`;
	return { type: "BackupReady", status: "True", reason: "Succeeded", message };
};

const lastFailed = (
	backups: readonly { readonly name: string; readonly status: BackupStatus }[],
	{ lastSuccessfulBackup }: ArchiveStanding,
): SeenBackups["failed"] => {
	const [newest] = backups
		.flatMap(({ name, status: { stoppedAt, error } }) =>
			stoppedAt === undefined ? [] : [{ name, error, stoppedAt: instantMs(stoppedAt) }],
		)
		.toSorted((one, other) => other.stoppedAt - one.stoppedAt || (one.name < other.name ? -1 : 1));
	if (newest?.error === undefined || newest.stoppedAt < (lastSuccessfulBackup?.finishedAt ?? 0)) return undefined;
	return { name: newest.name, error: newest.error };
};

const inWords = (at: number | undefined): string | undefined => (at === undefined ? undefined : formatExactInstant(at));

const fieldsOf = (first: string | undefined, last: string | undefined): ToldBackups["fields"] => ({
	...(first === undefined ? {} : { firstRecoverabilityPoint: first }),
	...(last === undefined ? {} : { lastSuccessfulBackup: last }),
});
