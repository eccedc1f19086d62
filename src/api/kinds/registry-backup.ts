import { z } from "zod";
import { atLeast, duration } from "#/api/fields/durations.ts";
import { instant } from "#/api/fields/instants.ts";
import { objectName } from "#/api/fields/names.ts";
import { byteQuantity } from "#/api/fields/quantities.ts";
import { secretKeyRef } from "#/api/fields/references.ts";
import { exactlyOne, immutableMember, type Rule, withRules } from "#/api/fields/rules.ts";
import { azureFields, fullyNamed, gcsFields, s3Fields } from "./object-stores.ts";

const OBJECT_STORES = {
	s3: z.object(s3Fields).exactOptional().describe("A bucket of Amazon S3, or of a service that is compatible"),
	gcs: z.object(gcsFields).exactOptional().describe("A bucket of Google Cloud Storage"),
	azure: withRules(z.object(azureFields), fullyNamed).exactOptional().describe("A container of Azure Blob Storage"),
};

const isOnePlace = exactlyOne("filesystem", "s3", "gcs", "azure");

const volume = withRules(
	z.object({
		size: byteQuantity
			.default("10Gi")
			.describe("Size of the volume; it can grow. In a cluster; standalone mode uses a directory"),
		storageClassName: objectName
			.exactOptional()
			.describe("StorageClass of the volume; cannot be changed; default: that of the cluster. In a cluster"),
	}),
	immutableMember("storageClassName"),
);

const archive = withRules(
	z.object({
		filesystem: volume
			.exactOptional()
			.describe(
				"Files on a volume of their own, the PersistentVolumeClaim NAME-backup, which stays when the Registry goes; in standalone mode a directory of that name. For one replica",
			),
		...OBJECT_STORES,
	}),
	isOnePlace,
);

const encryptionKey = secretKeyRef.exactOptional();

/** Where backups of a Registry go. */
export const registryBackup = z.object({
	archive: archive.describe(
		"The place: of its own, and of this one registry alone. Another place begins without backups",
	),
	encryptionKeySecretRef: encryptionKey.describe(
		"32 random bytes that seal what is in the archive, which is worthless without them; default: it is not sealed",
	),
	recoveryWindow: duration
		.default("30d")
		.describe("From now back to where every instant can be restored: backups that it does not need go"),
	journalInterval: withRules(duration, atLeast("1s"))
		.default("30s")
		.describe("How often what changed goes into the archive: what is lost with the registry at most; 1s or more"),
	verifyPercent: z
		.int32()
		.min(0)
		.max(100)
		.default(5)
		.describe("Blobs of a hundred whose digest each backup compares again in the archive, others each time"),
});

const given = withRules(
	z.object({
		filesystem: z
			.object({
				claimName: objectName.describe("A PersistentVolumeClaim of this namespace: that of a Registry is NAME-backup"),
			})
			.exactOptional()
			.describe("Files on a volume that is there; in standalone mode a directory of that name"),
		...OBJECT_STORES,
	}),
	isOnePlace,
);

const oneTarget: Rule<{ readonly backup?: string; readonly to?: string }> = {
	rule: "!has(self.backup) || !has(self.to)",
	message: "expected one of backup, to, or none",
	holds: ({ backup, to }) => backup === undefined || to === undefined,
};

const byItsBackup: Rule<{
	readonly backupRef?: unknown;
	readonly backup?: string;
	readonly encryptionKeySecretRef?: unknown;
}> = {
	rule: "!has(self.backupRef) || (!has(self.backup) && !has(self.encryptionKeySecretRef))",
	message: "backup and encryptionKeySecretRef go with archive: what backupRef names has its own",
	holds: ({ backupRef, backup, encryptionKeySecretRef }) =>
		backupRef === undefined || (backup === undefined && encryptionKeySecretRef === undefined),
};

/** What a new Registry begins with. */
export const registryRecovery = withRules(
	z.object({
		backupRef: z
			.object({ name: objectName.describe("Name of the Backup") })
			.exactOptional()
			.describe("A Backup of this namespace whose Registry still says where its archive is; in place of archive"),
		archive: given.exactOptional().describe("Where backups of a registry are, whether or not that still exists"),
		encryptionKeySecretRef: encryptionKey.describe(
			"The key that the archive was sealed with; default: it is not sealed",
		),
		backup: z
			.string()
			.min(1)
			.max(128)
			.regex(/^[0-9A-Za-z-]+$/, "expected the id of a backup, such as 20260131T120000Z-…")
			.exactOptional()
			.describe("The id of the backup in the archive that is restored; default: the last change that it has"),
		to: instant
			.exactOptional()
			.describe("The instant to restore, since the first backup in the archive; default: that of the backup"),
	}),
	exactlyOne("backupRef", "archive"),
	oneTarget,
	byItsBackup,
);

/** Where backups of a Registry go, with defaults. */
export type RegistryBackup = z.output<typeof registryBackup>;
/** What a new Registry begins with, with defaults. */
export type RegistryRecovery = z.output<typeof registryRecovery>;

interface Scaled {
	readonly replicas: number;
	readonly autoscaling?: { readonly maxReplicas: number };
	readonly backup?: RegistryBackup;
}

/** A volume for backups is one replica's. The rule stands on the spec of a Registry. */
export const archiveOfOne: Rule<Scaled> = {
	rule: "!has(self.backup) || !has(self.backup.archive.filesystem) || (self.replicas <= 1 && (!has(self.autoscaling) || self.autoscaling.maxReplicas <= 1))",
	message: "backup.archive.filesystem is a volume of one replica: several need an archive in an object store",
	fieldPath: ".backup",
	holds: ({ replicas, autoscaling, backup }) =>
		backup?.archive.filesystem === undefined || (replicas <= 1 && (autoscaling?.maxReplicas ?? 1) <= 1),
};

const [STORED, ARCHIVED] = ["self.storage", "self.backup.archive"];

/** Two places of one kind have the same bucket, and the prefix of one begins that of the other. */
const sharedCel = (kind: string, bucket: string, ...others: readonly string[]): string => {
	const [one, other] = [`${STORED}.${kind}`, `${ARCHIVED}.${kind}`];
	// Objects of two places are of two types to CEL: a reference is compared by its fields.
	const equal = (member: string) => {
		const fields = member.endsWith("Ref") ? [".name", ".key"] : [""];
		const same = fields.map((field) => `${one}.${member}${field} == ${other}.${member}${field}`).join(" && ");
		return `has(${one}.${member}) == has(${other}.${member}) && (!has(${one}.${member}) || (${same}))`;
	};
	return [
		`has(${one}) && has(${other}) && ${one}.${bucket} == ${other}.${bucket}`,
		...others.map(equal),
		`(${one}.prefix.startsWith(${other}.prefix) || ${other}.prefix.startsWith(${one}.prefix))`,
	].join(" && ");
};

/**
 * Backups are not kept where blobs are. Of storage classes, and of what is not CEL's, the schema says the same. The rule
 * stands on the spec of a Registry.
 */
export const archiveApart: Rule<unknown> = {
	rule: `!has(self.backup) || !((${sharedCel("s3", "bucket", "endpoint")}) || (${sharedCel("gcs", "bucket", "apiEndpoint")}) || (${sharedCel("azure", "container", "endpoint", "accountName", "connectionStringSecretRef")}))`,
	message:
		"expected places of their own: storage and backup.archive name the same bucket, and the prefix of one begins that of the other",
	fieldPath: ".backup",
};
