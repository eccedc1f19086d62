import { backupKind } from "#/api/kinds/backup.ts";
import { backupScheduleKind } from "#/api/kinds/backup-schedule.ts";
import type { KindDefinition } from "#/api/kinds/kind-definition.ts";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { replicationPolicyKind } from "#/api/kinds/replication-policy.ts";
import { retentionPolicyKind } from "#/api/kinds/retention-policy.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { BACKUP_CASES, BACKUP_SCHEDULE_CASES, REPLICATION_CASES, RETENTION_CASES } from "./policy-cases.ts";
import { REGISTRY_BACKUP_CASES } from "./registry-backup-cases.ts";
import { REGISTRY_MIGRATION_CASES } from "./registry-migration-cases.ts";

/** A spec, perhaps what it was before, and what the rules say of it. */
export interface RuleCase {
	readonly kind: KindDefinition;
	readonly spec: object;
	readonly before?: object;
	readonly name?: string;
	/** What was observed of it; absent: nothing. */
	readonly status?: object;
	/** How the messages of the broken rules begin; none: all hold. */
	readonly broken?: readonly string[];
}

const robot = { registryRef: { name: "default" } };
const CI = "https://ci.example.org";
const byAccount = { serviceAccounts: [{ name: "web" }] };
const byIssuer = { issuer: CI, subject: "repo:acme/*" };
const project = { registryRef: { name: "default" } };
const key = { name: "s", key: "k" };
const s3 = { s3: { bucket: "b" } };
const postgres = { postgres: { urlSecretRef: key } };
const own = { cloudNativePG: {} };
const gcs = { gcs: { bucket: "b" } };
const azure = { azure: { container: "c", accountName: "a", accountKeySecretRef: key } };
const byString = { azure: { container: "c", connectionStringSecretRef: key } };
const selecting = (requirement: object) => ({ allowedNamespaces: { selector: { matchExpressions: [requirement] } } });

const MORE =
	"more than one replica needs database.postgres (or cloudNativePG) and object storage (s3, gcs or azure): a second process must not open the embedded database";
const SEVERAL = "several replicas need database.postgres (or cloudNativePG) and object storage (s3, gcs or azure)";
const VALUES = "expected values with In and NotIn";
const STORAGE = "expected exactly one of filesystem, s3, gcs, azure";

const ONE_VOLUME = "a storage class with filesystem is a volume of one replica";
const volume = { name: "own", filesystem: {} };
const cold = { name: "cold", ...s3 };
const standing = (inUse: boolean) => ({ storageClasses: [{ name: "cold", available: true, inUse }] });

const registries: readonly Omit<RuleCase, "kind">[] = [
	{ spec: {} },
	{ spec: {}, name: "a" },
	{ spec: {}, name: `a${"-".repeat(38)}b` },
	{ spec: {}, name: `a${"-".repeat(39)}b`, broken: ["the name must be"] },
	{ spec: {}, name: "1a", broken: ["the name must be"] },
	{ spec: {}, name: "a.b", broken: ["the name must be"] },
	{ spec: { replicas: 0 } },
	{ spec: { replicas: 2 }, broken: [MORE] },
	{ spec: { replicas: 2, storage: s3 }, broken: [MORE] },
	{ spec: { replicas: 2, database: postgres }, broken: [MORE] },
	{ spec: { replicas: 2, storage: s3, database: postgres } },
	{ spec: { replicas: 2, storage: gcs, database: postgres } },
	{ spec: { replicas: 2, storage: azure, database: postgres } },
	{ spec: { autoscaling: { maxReplicas: 1, minReplicas: 1 } } },
	{ spec: { autoscaling: { maxReplicas: 4 } }, broken: [SEVERAL] },
	{ spec: { autoscaling: { maxReplicas: 4 }, storage: s3, database: postgres } },
	{
		spec: { autoscaling: { maxReplicas: 4, minReplicas: 5 }, storage: s3, database: postgres },
		broken: ["minReplicas may not"],
	},
	{ spec: { storage: {} }, broken: [STORAGE] },
	{ spec: { storage: { ...s3, ...gcs } }, broken: [STORAGE] },
	{ spec: { database: {} }, broken: ["expected exactly one of embedded, postgres, cloudNativePG"] },
	{
		spec: { database: { embedded: {}, ...postgres } },
		broken: ["expected exactly one of embedded, postgres, cloudNativePG"],
	},
	{
		spec: { database: { ...own, ...postgres } },
		broken: ["expected exactly one of embedded, postgres, cloudNativePG"],
	},
	{ spec: { replicas: 2, database: own }, broken: [MORE] },
	{ spec: { replicas: 2, storage: s3, database: own } },
	{ spec: { autoscaling: { maxReplicas: 4 }, storage: s3, database: own } },
	{ spec: { storage: byString } },
	{ spec: { storage: { azure: { container: "c" } } }, broken: ["expected accountName and accountKeySecretRef"] },
	{
		spec: { storage: { azure: { container: "c", accountName: "a" } } },
		broken: ["expected accountName and accountKeySecretRef"],
	},
	{
		spec: { storage: { azure: { ...byString.azure, endpoint: "https://a.example" } } },
		broken: ["expected accountName and accountKeySecretRef"],
	},
	{ spec: { auth: { tokenLifetime: "1m", refreshTokenLifetime: "60s" } } },
	{ spec: { auth: { tokenLifetime: "59s", refreshTokenLifetime: "0d" } }, broken: ["expected 1m", "expected 1m"] },
	{ spec: { auth: { serviceAccountTokens: {}, issuers: [{ url: CI }, { url: `${CI}/2`, jwks: '{"keys":[]}' }] } } },
	{
		spec: { auth: { issuers: [{ url: CI, jwksUrl: CI, jwks: '{"keys":[]}' }] } },
		broken: ["expected one of jwksUrl, jwks"],
	},
	{ spec: selecting({ key: "a", operator: "In", values: ["b"] }) },
	{ spec: selecting({ key: "a", operator: "NotIn", values: [] }), broken: [VALUES] },
	{ spec: selecting({ key: "a", operator: "Exists" }) },
	{ spec: selecting({ key: "a", operator: "DoesNotExist", values: ["b"] }), broken: [VALUES] },
	{
		spec: {
			storageClasses: [
				{ name: "cold", ...s3, namespaces: ["a"] },
				{ name: "warm", ...azure },
			],
		},
	},
	{ spec: { storageClasses: [{ name: "cold" }] }, broken: [STORAGE] },
	{ spec: { storageClasses: [{ name: "cold", ...s3, ...gcs }] }, broken: [STORAGE] },
	{ spec: { storageClasses: [{ ...volume, ...s3 }] }, broken: [STORAGE] },
	// A volume is one replica's, whatever the rest is.
	{ spec: { storageClasses: [volume, cold] } },
	{ spec: { storageClasses: [volume], storage: s3, database: postgres } },
	{ spec: { storageClasses: [volume], storage: s3, database: postgres, replicas: 0 } },
	{ spec: { storageClasses: [cold, volume], storage: gcs, database: postgres, replicas: 2 }, broken: [ONE_VOLUME] },
	{
		spec: { storageClasses: [volume], storage: s3, database: own, autoscaling: { maxReplicas: 4 } },
		broken: [ONE_VOLUME],
	},
	{ spec: { storageClasses: [volume], autoscaling: { maxReplicas: 1, minReplicas: 1 } } },
	{ spec: { storageClasses: [{ name: "default", ...s3 }] }, broken: ["default is spec.storage"] },
	{ spec: { storageClasses: [{ name: "default-filesystem", ...s3 }] } },
	{
		spec: { storageClasses: [{ name: "default-filesystem-migrate-to", ...s3 }] },
		broken: ["names that begin with default-filesystem-migrate-to"],
	},
	// Changes.
	{ before: { storageClasses: [volume] }, spec: { storageClasses: [{ ...volume, filesystem: { size: "1Ti" } }] } },
	{
		before: { storageClasses: [volume] },
		spec: { storageClasses: [{ ...volume, filesystem: { storageClassName: "fast" } }] },
		broken: ["storageClassName cannot"],
	},
	{
		before: { storageClasses: [volume] },
		spec: { storageClasses: [{ name: "own", ...s3 }] },
		broken: ["the kind of storage cannot"],
	},
	{ before: { storageClasses: [cold] }, spec: { storageClasses: [cold, { name: "warm", ...gcs }] } },
	{
		before: { storageClasses: [cold] },
		spec: { storageClasses: [{ name: "cold", ...gcs }] },
		broken: ["the kind of storage cannot"],
	},
	{
		before: { storageClasses: [cold] },
		spec: { storageClasses: [{ name: "cold", s3: { bucket: "c" } }] },
		broken: ["bucket cannot"],
	},
	{ before: { storageClasses: [cold] }, spec: {} },
	{ before: { storageClasses: [cold] }, spec: {}, status: standing(false) },
	{ before: { storageClasses: [cold] }, spec: { storageClasses: [cold] }, status: standing(true) },
	{ before: { storageClasses: [cold] }, spec: {}, status: standing(true), broken: ["a storage class that projects"] },
	{
		before: { storageClasses: [cold] },
		spec: { storageClasses: [{ name: "warm", ...s3 }] },
		status: standing(true),
		broken: ["a storage class that projects"],
	},
	{ before: {}, spec: { replicas: 0, storage: { filesystem: { size: "20Gi" } } } },
	{ before: {}, spec: { storage: s3 }, broken: ["storage cannot be of another kind"] },
	{ before: {}, spec: { database: postgres }, broken: ["the kind of database cannot"] },
	{ before: { database: postgres }, spec: { database: { postgres: { urlSecretRef: { ...key, name: "t" } } } } },
	{ before: { database: postgres }, spec: { database: own }, broken: ["the kind of database cannot"] },
	{
		before: { database: own },
		spec: { database: { cloudNativePG: { instances: 5, storage: { size: "20Gi" }, imageName: "postgresql:18" } } },
	},
	{
		before: { database: own },
		spec: { database: { cloudNativePG: { storage: { storageClassName: "fast" } } } },
		broken: ["storageClassName cannot"],
	},
	{ before: {}, spec: { storage: { filesystem: { storageClassName: "x" } } }, broken: ["storageClassName cannot"] },
	{
		before: { storage: { filesystem: { storageClassName: "x" } } },
		spec: { storage: { filesystem: { storageClassName: "x" } } },
	},
	{ before: { storage: s3 }, spec: { storage: { s3: { ...s3.s3, pathStyle: true, redirect: true } } } },
	{ before: { storage: s3 }, spec: { storage: { s3: { bucket: "c" } } }, broken: ["bucket cannot"] },
	{ before: { storage: s3 }, spec: { storage: { s3: { ...s3.s3, region: "x" } } }, broken: ["region cannot"] },
	{ before: { storage: s3 }, spec: { storage: { s3: { ...s3.s3, prefix: "x/" } } }, broken: ["prefix cannot"] },
	{
		before: { storage: s3 },
		spec: { storage: { s3: { ...s3.s3, endpoint: "https://a.example" } } },
		broken: ["endpoint cannot"],
	},
	{
		before: { storage: { s3: { ...s3.s3, endpoint: "https://a.example" } } },
		spec: { storage: s3 },
		broken: ["endpoint cannot"],
	},
	{ before: { storage: gcs }, spec: { storage: { gcs: { bucket: "c" } } }, broken: ["bucket cannot"] },
	{
		before: { storage: gcs },
		spec: { storage: { gcs: { ...gcs.gcs, apiEndpoint: "https://a.example" } } },
		broken: ["apiEndpoint cannot"],
	},
	{ before: { storage: gcs }, spec: { storage: { gcs: { ...gcs.gcs, credentialsSecretRef: key } } } },
	{
		before: { storage: azure },
		spec: { storage: { azure: { ...azure.azure, container: "d" } } },
		broken: ["container cannot"],
	},
	{
		before: { storage: azure },
		spec: { storage: { azure: { ...azure.azure, accountName: "b" } } },
		broken: ["accountName cannot"],
	},
	{ before: { storage: azure }, spec: { storage: { azure: { ...azure.azure, redirect: true } } } },
];

const projects: readonly Omit<RuleCase, "kind">[] = [
	{ spec: project },
	{ before: project, spec: { ...project, visibility: "Public" } },
	{ before: project, spec: { registryRef: { name: "other" } }, broken: ["registryRef cannot"] },
	{ before: project, spec: { registryRef: { name: "default", namespace: "b" } }, broken: ["registryRef cannot"] },
	{ before: project, spec: { ...project, projectName: "some" } },
	{ before: { ...project, projectName: "some" }, spec: project },
	{ before: project, spec: { ...project, projectName: "another" }, broken: ["projectName cannot"] },
	{ before: { ...project, projectName: "x" }, spec: project, broken: ["projectName cannot"] },
	{ before: { ...project, projectName: "x" }, spec: { ...project, projectName: "x", suspend: true } },
];

const GRACE = "gracePeriod must not be longer";

const robots: readonly Omit<RuleCase, "kind">[] = [
	{ spec: robot },
	{ spec: robot, name: "x".repeat(63) },
	{ spec: robot, name: "x".repeat(64), broken: ["the name must be at most 63"] },
	{ before: robot, spec: { ...robot, suspend: true } },
	{ before: robot, spec: { registryRef: { name: "other" } }, broken: ["registryRef cannot"] },
	{ spec: { ...robot, rotation: { interval: "1h" } } },
	{ spec: { ...robot, rotation: { interval: "59m59s" } }, broken: [GRACE] },
	{ spec: { ...robot, rotation: { interval: "30m", gracePeriod: "30m" } } },
	{ spec: { ...robot, rotation: { interval: "1d", gracePeriod: "24h" } } },
	{ spec: { ...robot, rotation: { interval: "1d", gracePeriod: "24h1s" } }, broken: [GRACE] },
	{ spec: { ...robot, rotation: { interval: "9999d999999h999999m999999s", gracePeriod: "9999d" } } },
	{ spec: { ...robot, rotation: { interval: "59s", gracePeriod: "0s" } }, broken: ["expected 1m"] },
	{ spec: { ...robot, rotation: { gracePeriod: "9999d" } } },
	{ spec: { ...robot, secret: { labels: { team: "a" }, annotations: { "a/b": "c" } } } },
	{ spec: { ...robot, secret: { labels: { "limani.dev/owner-uid": "a" } } }, broken: ["app.kubernetes.io/managed-by"] },
	{
		spec: { ...robot, secret: { annotations: { "app.kubernetes.io/managed-by": "a" } } },
		broken: ["app.kubernetes.io/managed-by"],
	},
	{ spec: { ...robot, secret: { attachTo: { serviceAccounts: ["a"] } } } },
	{ spec: { ...robot, trust: [byAccount, byIssuer], secret: { type: "None" } } },
	{ spec: { ...robot, trust: [{ ...byIssuer, tokenLifetime: "1m" }] } },
	{ spec: { ...robot, trust: [{ ...byIssuer, tokenLifetime: "59s" }] }, broken: ["expected 1m"] },
	{ spec: { ...robot, trust: [{}] }, broken: ["expected exactly one of serviceAccounts, issuer"] },
	{ spec: { ...robot, trust: [{ ...byAccount, ...byIssuer }] }, broken: ["expected exactly one of serviceAccounts"] },
	{ spec: { ...robot, trust: [{ issuer: CI }] }, broken: ["expected subject with issuer"] },
	{ spec: { ...robot, trust: [{ ...byAccount, subject: "x" }] }, broken: ["expected subject with issuer"] },
	{ spec: { ...robot, secret: { type: "None" } }, broken: ["nobody could be a robot without a Secret"] },
	{
		spec: { ...robot, trust: [byAccount], secret: { type: "None", copyTo: { namespaceSelector: {} } } },
		broken: ["a Secret that is not there cannot be copied"],
	},
	{ spec: { ...robot, secret: { type: "Basic" } } },
	{
		spec: { ...robot, secret: { type: "Basic", attachTo: { serviceAccounts: ["a"] } } },
		broken: ["only a Secret of type"],
	},
	{
		spec: { ...robot, secret: { copyTo: { namespaceSelector: { matchExpressions: [{ key: "a", operator: "In" }] } } } },
		broken: [VALUES],
	},
	{
		spec: {
			...robot,
			secret: { copyTo: { namespaceSelector: { matchExpressions: [{ key: "a", operator: "DoesNotExist" }] } } },
		},
	},
];

/** What all rules of all kinds let be and what they refuse; each rule is held and broken by one at least. */
export const RULE_CASES: readonly RuleCase[] = [
	...[...registries, ...REGISTRY_BACKUP_CASES, ...REGISTRY_MIGRATION_CASES].map((each) => ({
		...each,
		kind: registryKind,
	})),
	...projects.map((each) => ({ ...each, kind: projectKind })),
	...robots.map((each) => ({ ...each, kind: robotAccountKind })),
	...RETENTION_CASES.map((each) => ({ ...each, kind: retentionPolicyKind })),
	...REPLICATION_CASES.map((each) => ({ ...each, kind: replicationPolicyKind })),
	...BACKUP_CASES.map((each) => ({ ...each, kind: backupKind })),
	...BACKUP_SCHEDULE_CASES.map((each) => ({ ...each, kind: backupScheduleKind })),
];
