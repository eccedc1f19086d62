import type { RuleCase } from "./rule-cases.ts";

const key = { name: "s", key: "k" };
const postgres = { postgres: { urlSecretRef: key } };
const PLACE = "expected exactly one of filesystem, s3, gcs, azure";
const APART = "expected places of their own: storage and backup.archive";
const ALONE = "backup.archive.filesystem is a volume of one replica";

const into = (archive: object) => ({ backup: { archive } });
const from = (recovery: object) => ({ bootstrap: { recovery } });
const s3 = (prefix: string, more: object = {}) => ({ s3: { bucket: "b", prefix, ...more } });
const gcs = (prefix: string, more: object = {}) => ({ gcs: { bucket: "b", prefix, ...more } });
const byAccount = (prefix: string, accountName: string) => ({
	azure: { container: "c", prefix, accountName, accountKeySecretRef: key },
});
const byString = (name: string) => ({ azure: { container: "c", connectionStringSecretRef: { ...key, name } } });
const both = (storage: object, archive: object) => ({ storage, ...into(archive) });

/** What may be said of a Registry's backups, and of what it begins with. */
export const REGISTRY_BACKUP_CASES: readonly Omit<RuleCase, "kind">[] = [
	{ spec: into({ filesystem: {} }) },
	{ spec: into({}), broken: [PLACE] },
	{ spec: into({ filesystem: {}, ...s3("") }), broken: [PLACE] },
	{ spec: { backup: { archive: s3(""), journalInterval: "1s", recoveryWindow: "0s", verifyPercent: 100 } } },
	{ spec: { backup: { archive: s3(""), journalInterval: "0s" } }, broken: ["expected 1s or more"] },
	{ spec: into({ azure: { container: "c" } }), broken: ["expected accountName and accountKeySecretRef"] },
	// A volume is one replica's.
	{ spec: { ...both(s3(""), { filesystem: {} }), database: postgres } },
	{ spec: { ...both(s3(""), { filesystem: {} }), database: postgres, replicas: 2 }, broken: [ALONE] },
	{
		spec: { ...both(s3(""), { filesystem: {} }), database: postgres, autoscaling: { minReplicas: 1, maxReplicas: 2 } },
		broken: [ALONE],
	},
	{ spec: { ...both(s3("a/"), s3("b/")), database: postgres, replicas: 2 } },
	// Not where blobs are.
	{ spec: both(s3("blobs/"), s3("backups/")) },
	{ spec: both(s3("blobs/"), gcs("blobs/")) },
	{ spec: both(s3("x/"), s3("x/")), broken: [APART] },
	{ spec: both(s3("x/"), s3("")), broken: [APART] },
	{ spec: both(s3(""), s3("x/")), broken: [APART] },
	{ spec: both(s3("x/"), s3("x/", { endpoint: "https://elsewhere.example" })) },
	{
		spec: both(s3("", { endpoint: "https://e.example" }), s3("", { endpoint: "https://e.example" })),
		broken: [APART],
	},
	{ spec: both(s3("x/", { redirect: true }), s3("x/", { credentialsSecretRef: { name: "other" } })), broken: [APART] },
	{ spec: both(gcs("x/"), gcs("y/")) },
	{ spec: both(gcs("x/"), gcs("x/")), broken: [APART] },
	{ spec: both(byAccount("", "one"), byAccount("", "two")) },
	{ spec: both(byAccount("", "one"), byAccount("", "one")), broken: [APART] },
	{ spec: both(byString("one"), byString("two")) },
	{ spec: both(byString("one"), byString("one")), broken: [APART] },
	{ spec: both(byString("one"), byAccount("", "one")) },
	// What a Registry begins with.
	{ spec: from({ backupRef: { name: "nightly-20260131000000" } }) },
	{ spec: from({ backupRef: { name: "nightly" }, to: "2026-01-31T12:00:00Z" }) },
	{ spec: from({ archive: { filesystem: { claimName: "old-backup" } } }) },
	{ spec: from({ archive: s3("old/"), encryptionKeySecretRef: key, backup: "20260131T120000Z-2Kx" }) },
	{ spec: from({}), broken: ["expected exactly one of backupRef, archive"] },
	{
		spec: from({ backupRef: { name: "nightly" }, archive: s3("") }),
		broken: ["expected exactly one of backupRef, archive"],
	},
	{ spec: from({ archive: {} }), broken: [PLACE] },
	{
		spec: from({ archive: s3("old/"), backup: "20260131T120000Z-2Kx", to: "2026-01-31T12:00:00Z" }),
		broken: ["expected one of backup, to"],
	},
	{ spec: from({ backupRef: { name: "nightly" }, backup: "x" }), broken: ["backup and encryptionKeySecretRef go"] },
	{
		spec: from({ backupRef: { name: "nightly" }, encryptionKeySecretRef: key }),
		broken: ["backup and encryptionKeySecretRef go"],
	},
	// Changes.
	{ before: into({ filesystem: {} }), spec: into({ filesystem: { size: "1Ti" } }) },
	{ before: into({ filesystem: {} }), spec: into(s3("")) },
	{ before: into(s3("a/")), spec: into(s3("b/")) },
	{ before: into(s3("")), spec: {} },
	{
		before: into({ filesystem: { storageClassName: "slow" } }),
		spec: into({ filesystem: { storageClassName: "fast" } }),
		broken: ["storageClassName cannot"],
	},
	{
		before: from({ archive: s3("old/") }),
		spec: { ...from({ archive: s3("old/") }), backup: { archive: s3("new/") } },
	},
	{ before: from({ archive: s3("old/") }), spec: {}, broken: ["bootstrap cannot"] },
	{ before: {}, spec: from({ archive: s3("old/") }), broken: ["bootstrap cannot"] },
	{
		before: from({ archive: s3("old/") }),
		spec: from({ archive: s3("old/"), to: "2026-01-31T12:00:00Z" }),
		broken: ["bootstrap cannot"],
	},
];
