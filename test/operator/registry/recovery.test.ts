import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { backupKind } from "#/api/kinds/backup.ts";
import { parseRegistry, registryKind } from "#/api/kinds/registry.ts";
import { BACKUP_INDEXES } from "#/operator/indexes.ts";
import { archiveDigest } from "#/operator/registry/archive-digest.ts";
import { findRecovery, type Recovery } from "#/operator/registry/recovery.ts";
import { MemoryKube } from "../../support/memory-kube.ts";

const KEY = { name: "key", key: "archive.key" };
const ID = "20260131T020000Z-2xSxQzTvAhmaKnxkUG4OStAnPDY";
const TO = "2026-01-31T12:00:00.503Z";
const NIGHTLY = { backupRef: { name: "nightly" } };
const s3 = { s3: { bucket: "old", region: "us-east-1", prefix: "", pathStyle: false } };

interface There {
	/** Spec of the Registry `old`; absent: it is not there. */
	readonly old?: object;
	/** Status of the Backup `nightly`; absent: it is not there. */
	readonly nightly?: object;
	/** The Registry that it is of. @defaultValue old */
	readonly of?: string;
}

/** What the Registry `new` begins with. */
const find = (spec: object, { old, nightly, of = "old" }: There = {}, status: object = {}): Recovery => {
	const kube = new MemoryKube();
	const sources = { registries: kube.serve(registryKind), backups: kube.serve(backupKind, BACKUP_INDEXES) };
	const at = (name: string, namespace = "team") => ({ namespace, name });
	if (old !== undefined) kube.edit(registryKind, { metadata: at("old"), spec: { ...old } });
	if (nightly !== undefined) {
		const registryRef = { name: of };
		kube.edit(backupKind, { metadata: at("nightly"), spec: { registryRef }, status: { ...nightly } });
	}
	kube.edit(backupKind, {
		metadata: at("nightly", "other"),
		spec: { registryRef: { name: of } },
		status: { backupId: ID },
	});
	kube.deliver();
	const parsed = parseRegistry({ metadata: { ...at("new"), uid: "u", generation: 1 }, spec, status });
	if ("invalid" in parsed) throw new Error(parsed.invalid);
	return findRecovery(sources, parsed.resource);
};

const from = (recovery: object, more: object = {}) => ({ bootstrap: { recovery }, ...more });
const WHOLE = { backupId: ID };
const FILES = archiveDigest({ filesystem: { size: "10Gi" } });
const ON_VOLUME = { backup: { archive: { filesystem: {} }, encryptionKeySecretRef: KEY } };

suite("A Registry begins", () => {
	test("with nothing where nothing is said, and where what was said is there", () => {
		assert.deepEqual(find({}), { is: "Over" });
		assert.deepEqual(find(from(NIGHTLY), {}, { restoredTime: TO }), { is: "Over" });
	});

	test("with a Backup as of its instant: its Registry says where the archive is and what opens it", () => {
		assert.deepEqual(find(from(NIGHTLY), { old: ON_VOLUME, nightly: WHOLE }), {
			is: "Wanted",
			wanted: {
				archive: { filesystem: { claimName: "old-backup" } },
				encryptionKeySecretRef: KEY,
				backup: ID,
			},
			from: "the Backup nightly of the Registry old",
		});
		assert.deepEqual(find(from(NIGHTLY), { old: { backup: { archive: s3 } }, nightly: WHOLE }), {
			is: "Wanted",
			wanted: { archive: s3, backup: ID },
			from: "the Backup nightly of the Registry old",
		});
	});

	test("with a Backup whose archive is where it was, whatever became of its credentials and its size", () => {
		assert.equal(FILES, "e4dc7b9e086fb94f");
		assert.equal(archiveDigest(s3), "23519243ebf95970");
		const opened = { s3: { ...s3.s3, region: "eu-west-1", credentialsSecretRef: { name: "rotated" } } };
		for (const [archive, digest] of [
			[{ filesystem: { size: "20Gi" } }, FILES],
			[opened, archiveDigest(s3)],
		] as const) {
			const nightly = { ...WHOLE, archiveDigest: digest };
			assert.equal(find(from(NIGHTLY), { old: { backup: { archive } }, nightly }).is, "Wanted");
		}
	});

	test("with an instant of the archive of a Backup, which need not be the Backup's own", () => {
		assert.deepEqual(find(from({ ...NIGHTLY, to: TO }), { old: ON_VOLUME, nightly: WHOLE }), {
			is: "Wanted",
			wanted: { archive: { filesystem: { claimName: "old-backup" } }, encryptionKeySecretRef: KEY, to: TO },
			from: `the Backup nightly of the Registry old, as of ${TO}`,
		});
	});

	test("with an archive, whatever became of its registry", () => {
		const given = { archive: { filesystem: { claimName: "kept" } }, encryptionKeySecretRef: KEY, backup: ID };
		assert.deepEqual(find(from(given)), { is: "Wanted", wanted: given, from: `the backup ${ID}` });
		assert.deepEqual(find(from({ archive: s3 })), {
			is: "Wanted",
			wanted: { archive: s3 },
			from: "what its archive has",
		});
	});
});

suite("A Registry waits", () => {
	const cases: readonly (readonly [what: string, there: There, words: RegExp])[] = [
		["for a Backup that is not there", { old: ON_VOLUME }, /there is no Backup nightly in this namespace/],
		["for a Backup that is not whole", { old: ON_VOLUME, nightly: {} }, /nightly has not succeeded/],
		["for a Backup that failed", { old: ON_VOLUME, nightly: { error: "x" } }, /nightly has not succeeded/],
		["for the Registry of a Backup", { nightly: WHOLE }, /the Registry old .* does not say where its archive is/],
		[
			"for the archive of a Backup to be that of its Registry again",
			{ old: { backup: { archive: s3 } }, nightly: { ...WHOLE, archiveDigest: FILES } },
			/the archive of the Backup nightly is no longer that of the Registry old: name the archive by .*archive$/,
		],
		["for the archive of that Registry", { old: {}, nightly: WHOLE }, /name the archive by .*recovery\.archive/],
	];
	for (const [what, there, words] of cases) {
		test(what, () => {
			const found = find(from(NIGHTLY), there);
			assert.ok(found.is === "Waiting" && words.test(found.message), JSON.stringify(found));
			assert.match(found.message, /^spec\.bootstrap\.recovery\.backupRef: /);
		});
	}
});

suite("A Registry never begins", () => {
	const cases: readonly (readonly [what: string, spec: object, there: There, words: RegExp])[] = [
		["with its own archive", from(NIGHTLY), { nightly: WHOLE, of: "new" }, /a Registry of this very name/],
		[
			"with a volume on which its own backups are to be",
			from({ archive: { filesystem: { claimName: "new-backup" } } }, { backup: { archive: { filesystem: {} } } }),
			{},
			/new-backup is where backups of this Registry itself/,
		],
		[
			"with a bucket in which its own backups are to be, though a Backup names it",
			from(NIGHTLY, { backup: { archive: s3 } }),
			{ old: { backup: { archive: s3 } }, nightly: WHOLE },
			/expected places of their own: backup.archive and bootstrap.recovery.archive/,
		],
	];
	for (const [what, spec, there, words] of cases) {
		test(what, () => {
			const found = find(spec, there);
			assert.ok(found.is === "Wrong" && words.test(found.message), JSON.stringify(found));
		});
	}
});
