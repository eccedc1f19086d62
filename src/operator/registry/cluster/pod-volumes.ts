/** What is mounted in the pods of a Registry. Its order never changes: pods would be replaced for it. */
import type { RegistrySpec } from "#/api/kinds/registry.ts";
import { volumeClasses } from "#/api/kinds/registry-class-volumes.ts";
import type { RegistryRef } from "#/operator/registry/actuator.ts";
import { databaseNamesOf } from "#/operator/registry/own-database.ts";
import type { Settings } from "#/operator/registry/settings.ts";
import { classClaimOf, classVolumeOf, namesOf, volumeNameOf } from "./names.ts";
import { IDENTITY_FILES, PATHS } from "./paths.ts";
import type { PodPlan } from "./pod-plan.ts";

/** Whether a Registry has a volume for what is pushed, which one pod alone may use. */
export const hasVolume = ({ storage, database }: Pick<RegistrySpec, "storage" | "database">): boolean =>
	storage.filesystem !== undefined || database.embedded !== undefined;

/** Whether a Registry has any volume of its own: one pod of it has to end before the next may begin. */
export const isAlone = (spec: Pick<RegistrySpec, "storage" | "storageClasses" | "database" | "backup">): boolean =>
	hasVolume(spec) || spec.backup?.archive.filesystem !== undefined || volumeClasses(spec).length > 0;

/** Where a container has the volumes of its pod. */
export const mountsOf = ({ registry, spec, recovery, classVolumes, settings }: PodPlan) => [
	{ name: "config", mountPath: PATHS.config, readOnly: true },
	{ name: "control", mountPath: PATHS.control, readOnly: true },
	{ name: "master-key", mountPath: PATHS.masterKey, readOnly: true },
	{ name: "data", mountPath: PATHS.data },
	{ name: "temporary", mountPath: PATHS.temporary },
	...secretsOf(settings).map((secret) => ({
		name: volumeNameOf(secret),
		mountPath: `${PATHS.secrets}/${secret}`,
		readOnly: true,
	})),
	...identityOf(spec).map(({ name }) => ({ name, mountPath: PATHS.identity, readOnly: true })),
	...claimsOf({ registry, spec, recovery, classVolumes }).map(({ claimName: _, ...mount }) => mount),
];

/** The volumes of a pod. */
export const volumesOf = ({ registry, spec, recovery, classVolumes, settings }: PodPlan) => {
	const { workload, control, masterKey } = namesOf(registry);
	return [
		{ name: "config", configMap: { name: workload } },
		{ name: "control", secret: { secretName: control, defaultMode: 0o440 } },
		{ name: "master-key", secret: { secretName: masterKey, defaultMode: 0o440 } },
		{ name: "temporary", emptyDir: {} },
		// With files on a volume, its claim stands under this name.
		...(hasVolume(spec) ? [] : [{ name: "data", emptyDir: {} }]),
		...secretsOf(settings).map((secret) => ({
			name: volumeNameOf(secret),
			secret: { secretName: secret, ...entriesOf(registry, secret), defaultMode: 0o440 },
		})),
		...identityOf(spec),
		...claimsOf({ registry, spec, recovery, classVolumes }).map(({ name, claimName, mountPath: _, ...how }) => ({
			name,
			persistentVolumeClaim: { claimName, ...how },
		})),
	];
};

/** How long a pod's token lives, seconds; it is replaced long before. */
const IDENTITY_S = 3_600;

/** What the API server lets anybody ask who is a service account: its issuer and its keys. No role is needed for it. */
const identityOf = ({ auth }: RegistrySpec) =>
	auth.serviceAccountTokens === undefined
		? []
		: [
				{
					name: "identity",
					projected: {
						defaultMode: 0o440,
						sources: [
							{ serviceAccountToken: { path: IDENTITY_FILES.token, expirationSeconds: IDENTITY_S } },
							{
								configMap: {
									name: "kube-root-ca.crt",
									items: [{ key: "ca.crt", path: IDENTITY_FILES.ca }],
								},
							},
						],
					},
				},
			];

/** The Secrets of which entries must be files. */
const secretsOf = ({ files }: Settings): readonly string[] => [...new Set(files.map(({ secret }) => secret))];

/** The key of the authority of its database is none of its business; of other Secrets it has all. */
const entriesOf = (registry: RegistryRef, secret: string) =>
	secret === databaseNamesOf(registry).authorities ? { items: [{ key: "ca.crt", path: "ca.crt" }] } : {};

/** The volumes of backups and of storage classes. */
const claimsOf = ({
	registry,
	spec,
	recovery,
	classVolumes,
}: Pick<PodPlan, "registry" | "spec" | "recovery" | "classVolumes">) => {
	const given = recovery?.archive.filesystem?.claimName;
	return [
		...(spec.backup?.archive.filesystem === undefined
			? []
			: [{ name: "archive", claimName: namesOf(registry).archive, mountPath: PATHS.archive }]),
		// Whose it is nobody knows: not even the group of its files may change.
		...(given === undefined ? [] : [{ name: "recovery", claimName: given, mountPath: PATHS.recovery, readOnly: true }]),
		...classVolumes.map((one) => ({
			name: classVolumeOf(one),
			claimName: classClaimOf(registry, one),
			mountPath: `${PATHS.classes}/${one}`,
		})),
	];
};
