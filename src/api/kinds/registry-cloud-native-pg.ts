import { z } from "zod";
import { objectName } from "#/api/fields/names.ts";
import { podFields } from "#/api/fields/pods.ts";
import { byteQuantity } from "#/api/fields/quantities.ts";
import { immutableMember, withRules } from "#/api/fields/rules.ts";

const storage = withRules(
	z.object({
		size: byteQuantity.default("10Gi").describe("Size of the volume of each instance; it can grow"),
		storageClassName: objectName
			.exactOptional()
			.describe("StorageClass of the volumes; cannot be changed; default: that of the cluster"),
	}),
	immutableMember("storageClassName"),
);

/** A database that is made for a Registry alone, by CloudNativePG. */
export const registryCloudNativePG = z.object({
	instances: z
		.int32()
		.min(1)
		.max(15)
		.default(3)
		.describe("Instances of PostgreSQL, one of which is the primary; from 3 on no failover loses what was answered"),
	storage: storage.prefault({}).describe("The volume of each instance"),
	imageName: podFields.image.describe("Image of PostgreSQL; default: that of CloudNativePG"),
	resources: podFields.resources.describe("What a pod of PostgreSQL needs and may use"),
	maxConnections: z.int32().min(1).max(1_000).default(16).describe("Connections of each process of the registry"),
});

/** A database that is made for a Registry alone. */
export type RegistryCloudNativePG = z.output<typeof registryCloudNativePG>;
