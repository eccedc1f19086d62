import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { backupKind } from "#/api/kinds/backup.ts";
import { parseRegistry, type Registry } from "#/api/kinds/registry.ts";
import type { ArchiveStanding } from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";
import { BACKUP_INDEXES } from "#/operator/indexes.ts";
import { Patience } from "#/operator/policy/patience.ts";
import { judgeBackups, type SeenBackups, SHIPPING_MS, tellBackups } from "#/operator/registry/backups.ts";
import { MemoryKube } from "../../support/memory-kube.ts";

const NOON = Date.UTC(2026, 0, 31, 12);
const MINUTE = 60_000;
const { signal } = new AbortController();

const GOOD: ArchiveStanding = {
	firstRecoverabilityPoint: NOON - 600 * MINUTE + 503,
	lastSuccessfulBackup: { id: "b", at: NOON - 60 * MINUTE, finishedAt: NOON - 59 * MINUTE + 7 },
	shippedUntil: NOON - MINUTE,
};

const FAILED = { name: "nightly-1", error: "the archive was changed" };

const CASES: readonly (readonly [what: string, seen: Partial<SeenBackups>, reason: string, words: RegExp])[] = [
	["are kept and shipped", {}, "Succeeded", /every instant since 2026-01-31T02:00:00\.503Z/],
	["have an archive that is away", { standing: { ...GOOD, away: "no bucket" } }, "ArchiveUnavailable", /^no bucket$/],
	["were never made", { standing: {} }, "BackupMissing", /no whole backup yet/],
	["failed at the first one", { standing: {}, failed: FAILED }, "BackupFailed", /nightly-1 failed: the archive was/],
	["failed after a good one", { failed: FAILED }, "BackupFailed", /nightly-1/],
	["are not followed by the journal", { lateSince: NOON }, "JournalBehind", /after 2026-01-31T11:59:00\.000Z is not/],
	[
		"were never followed by the journal",
		{ standing: { ...GOOD, shippedUntil: undefined } },
		"JournalBehind",
		/after 2026-01-31T11:00:00\.000Z/,
	],
];

suite("A Registry's backups", () => {
	for (const [what, seen, reason, words] of CASES) {
		test(`that ${what} are ${reason}`, () => {
			const finding = judgeBackups({ standing: GOOD, failed: undefined, lateSince: NOON - 10 * MINUTE, ...seen });
			assert.equal(finding.type, "BackupReady");
			assert.equal(finding.reason, reason);
			assert.equal(finding.status, reason === "Succeeded" ? "True" : "False");
			assert.match(finding.message, words);
		});
	}
});

const registryOf = (spec: object, status: object = {}): Registry => {
	const parsed = parseRegistry({
		metadata: { name: "app", namespace: "team", uid: "u", generation: 1 },
		spec,
		status,
	});
	if ("invalid" in parsed) throw new Error(parsed.invalid);
	return parsed.resource;
};

const KEPT = { backup: { archive: { filesystem: {} }, journalInterval: "30s" } };
const answering = (archive: ArchiveStanding) => ({ archive: async () => ({ archive }) });

const open = () => {
	const kube = new MemoryKube();
	const backups = kube.serve(backupKind, BACKUP_INDEXES);
	const put = (name: string, status: object, registry = "app") => {
		const spec = { registryRef: { name: registry } };
		kube.edit(backupKind, { metadata: { namespace: "team", name }, spec, status: { ...status } });
		kube.deliver();
	};
	const clock = { now: 0 };
	const patience = new Patience({ monotonic: () => clock.now }, SHIPPING_MS);
	return { put, clock, deps: { backups, now: () => NOON, patience } };
};

const ended = (minutesAgo: number, error?: string) => ({
	stoppedAt: new Date(NOON - minutesAgo * MINUTE).toISOString(),
	...(error === undefined ? { backupId: "b" } : { error }),
});

test("What an archive can give back stands in the status, and the condition goes with the last archive", async () => {
	const { deps } = open();
	const told = await tellBackups(deps, registryOf(KEPT), answering(GOOD), signal);
	assert.deepEqual(told.fields, {
		firstRecoverabilityPoint: "2026-01-31T02:00:00.503Z",
		lastSuccessfulBackup: "2026-01-31T11:01:00.007Z",
	});
	assert.deepEqual(
		told.asides.map(({ type, status }) => [type, status]),
		[["BackupReady", "True"]],
	);
	const without = await tellBackups(deps, registryOf({}, told.fields), answering(GOOD), signal);
	assert.deepEqual(without, { fields: {}, asides: [], dropped: ["BackupReady"] });
});

test("What was last seen of backups stands while nobody answers, or one answers that knows of no archives", async () => {
	const { deps } = open();
	const seen = { firstRecoverabilityPoint: "2026-01-31T02:00:00Z", lastSuccessfulBackup: "2026-01-31T11:01:00Z" };
	const away = {
		archive: async () => {
			throw new ControlError("UNAVAILABLE", "nobody there");
		},
	};
	for (const control of [undefined, away, { archive: async () => ({}) }]) {
		const told = await tellBackups(deps, registryOf(KEPT, seen), control, signal);
		assert.deepEqual(told, { fields: seen, asides: [], dropped: [] });
	}
});

test("The last Backup of this very Registry counts, unless a good one was made since by whatever means", async () => {
	const { deps, put } = open();
	const reason = async (standing = GOOD) =>
		(await tellBackups(deps, registryOf(KEPT), answering(standing), signal)).asides[0]?.reason;
	put("one", ended(70, "no room"));
	put("other", ended(1, "no room"), "other");
	put("running", {});
	assert.equal(await reason(), "Succeeded");
	put("two", ended(30, "no room"));
	assert.equal(await reason(), "BackupFailed");
	put("three", ended(20));
	assert.equal(await reason({ ...GOOD, lastSuccessfulBackup: { id: "b", at: NOON, finishedAt: NOON } }), "Succeeded");
	assert.equal(await reason(), "Succeeded");
});

test("A journal may be behind by ten rounds, or by ten minutes where rounds are short", async () => {
	const { deps, clock } = open();
	const reason = async (journalInterval: string, minutes: number) => {
		const spec = { backup: { ...KEPT.backup, journalInterval } };
		const standing = { ...GOOD, shippedUntil: NOON - minutes * MINUTE };
		const told = async () => (await tellBackups(deps, registryOf(spec), answering(standing), signal)).asides[0]?.reason;
		await told();
		clock.now += SHIPPING_MS;
		return told();
	};
	assert.equal(await reason("1s", 9), "Succeeded");
	assert.equal(await reason("1s", 11), "JournalBehind");
	assert.equal(await reason("5m", 49), "Succeeded");
	assert.equal(await reason("5m", 51), "JournalBehind");
});

test("A registry that was away is not told of as behind before it could ship what it missed", async () => {
	const { deps, clock } = open();
	const look = (shippedUntil: number) =>
		tellBackups(deps, registryOf(KEPT), answering({ ...GOOD, shippedUntil }), signal);
	assert.deepEqual((await look(NOON - 90 * MINUTE)).asides, []);
	clock.now += SHIPPING_MS - 1;
	assert.deepEqual((await look(NOON - 90 * MINUTE)).asides, []);
	assert.equal((await look(NOON)).asides[0]?.reason, "Succeeded");
	clock.now += SHIPPING_MS;
	assert.deepEqual((await look(NOON - 90 * MINUTE)).asides, []);
});
