/** A spec of a policy, perhaps what it was before, and how the messages of the rules begin that it breaks. */
interface PolicyCase {
	readonly spec: object;
	readonly before?: object;
	readonly broken?: readonly string[];
}

const SCOPE = "expected exactly one of projectRefs, projectNames";

const registryRef = { name: "default" };
const projectRefs = [{ name: "web" }];
const rules = [{ name: "newest", keep: { latestPushed: 10 } }];
const retention = { registryRef, projectRefs, rules };

const keeping = (keep: object): object => ({ ...retention, rules: [{ name: "a", keep }] });

/** Of a Backup. */
export const BACKUP_CASES: readonly PolicyCase[] = [
	{ spec: { registryRef } },
	{ before: { registryRef }, spec: { registryRef } },
	{ before: { registryRef }, spec: { registryRef: { name: "other" } }, broken: ["a Backup cannot be changed"] },
];

const nightly = { registryRef, schedule: "0 3 * * *" };

/** Of a BackupSchedule. */
export const BACKUP_SCHEDULE_CASES: readonly (PolicyCase & { readonly name?: string })[] = [
	{ spec: nightly },
	{ spec: nightly, name: "a".repeat(63) },
	{ spec: nightly, name: "a".repeat(64), broken: ["the name must be at most 63"] },
	{ before: nightly, spec: { ...nightly, schedule: "0 4 * * *", suspend: true, backupOwnerReference: "Self" } },
	{ before: nightly, spec: { ...nightly, registryRef: { name: "other" } }, broken: ["registryRef cannot"] },
];

/** Of a RetentionPolicy. */
export const RETENTION_CASES: readonly PolicyCase[] = [
	{ spec: retention },
	{ spec: { ...retention, schedule: "0 3 * * *" } },
	{ spec: { registryRef, rules, projectNames: {} } },
	{ spec: { registryRef, rules }, broken: [SCOPE] },
	{ spec: { ...retention, projectNames: { matching: ["a*"] } }, broken: [SCOPE] },
	{ spec: keeping({ always: true }) },
	{ spec: keeping({ pushedWithin: "1s", latestPulled: 1 }) },
	{ spec: keeping({ always: false, activeWithin: "30d" }) },
	{ spec: keeping({}), broken: ["expected at least one of latestPushed"] },
	{ spec: keeping({ always: false }), broken: ["expected at least one of latestPushed"] },
	{ spec: keeping({ pulledWithin: "0d" }), broken: ["expected 1s or more"] },
	{ before: retention, spec: { ...retention, suspend: true } },
	{ before: retention, spec: { ...retention, registryRef: { name: "other" } }, broken: ["registryRef cannot"] },
];

const url = "https://registry.example.org";
const robot = { registryRef: { name: "edge" }, robotAccountRef: { name: "writer" } };
const source = { url };
const replication = { registryRef, projectRefs };
const REMOTE = "expected exactly one of url, registryRef";
const TOGETHER = "registryRef and robotAccountRef go together";
const WITH_URL = "type and credentialsSecretRef go with url";
const ONE_SIDE = "expected exactly one of source, destination";

/** Of a ReplicationPolicy. */
export const REPLICATION_CASES: readonly PolicyCase[] = [
	{ spec: { ...replication, source } },
	{ spec: { ...replication, destination: { url, type: "GHCR", credentialsSecretRef: { name: "a" } } } },
	{ spec: { ...replication, source: robot } },
	{ spec: { registryRef, projectNames: {}, destination: robot, trigger: { onEvent: true } } },
	{ spec: replication, broken: [ONE_SIDE] },
	{ spec: { ...replication, source, destination: robot }, broken: [ONE_SIDE] },
	{ spec: { registryRef, source }, broken: [SCOPE] },
	{ spec: { ...replication, source, trigger: { onEvent: true } }, broken: ["onEvent goes with destination"] },
	{ spec: { ...replication, source: {} }, broken: [REMOTE] },
	{ spec: { ...replication, source: { url, ...robot } }, broken: [REMOTE] },
	{ spec: { ...replication, source: { registryRef: { name: "edge" } } }, broken: [TOGETHER] },
	{ spec: { ...replication, source: { url, robotAccountRef: { name: "a" } } }, broken: [TOGETHER] },
	{ spec: { ...replication, source: { ...robot, type: "Harbor" } }, broken: [WITH_URL] },
	{ spec: { ...replication, source: { ...robot, credentialsSecretRef: { name: "a" } } }, broken: [WITH_URL] },
	{ before: { ...replication, source }, spec: { ...replication, destination: robot } },
	{
		before: { ...replication, source },
		spec: { ...replication, source, registryRef: { name: "other" } },
		broken: ["registryRef cannot"],
	},
];
