import type { RegistrySpec } from "#/api/kinds/registry.ts";
import type { RegistryRef } from "#/operator/registry/actuator.ts";
import type { Settings } from "#/operator/registry/settings.ts";
import { labelsOf, namesOf, PORTS, selectorOf, volumeNameOf } from "./names.ts";

/** Where things are in a pod. */
export const PATHS = {
	config: "/etc/limani/config",
	control: "/etc/limani/control",
	masterKey: "/etc/limani/master-key",
	secrets: "/etc/limani/secrets",
	data: "/var/lib/limani",
	temporary: "/tmp",
} as const;

/** What a pod is made of. */
export interface PodPlan {
	readonly registry: RegistryRef;
	readonly spec: RegistrySpec;
	readonly settings: Settings;
	/** Image where the spec names none. */
	readonly defaultImage: string;
	/** Changes when the pods must start anew, because what they read at the start is another. */
	readonly revision: string;
}

/** User and group of the image. */
const USER = 65_532;
/** How long a pod may take to end: longer than the data plane drains, so that uploads under way finish. Seconds. */
const GRACE_S = 60;

/** The template of a Registry's pods: fit for the restricted profile of Pod Security. */
export const podTemplateOf = (plan: PodPlan): { readonly [field: string]: unknown } => {
	const { registry, spec, revision } = plan;
	const { nodeSelector, tolerations, affinity, priorityClassName } = spec;
	return {
		metadata: { labels: labelsOf(registry), annotations: { "limani.dev/settings": revision } },
		spec: {
			serviceAccountName: namesOf(registry).workload,
			automountServiceAccountToken: false,
			enableServiceLinks: false,
			terminationGracePeriodSeconds: GRACE_S,
			securityContext: {
				runAsNonRoot: true,
				runAsUser: USER,
				runAsGroup: USER,
				fsGroup: USER,
				fsGroupChangePolicy: "OnRootMismatch",
				seccompProfile: { type: "RuntimeDefault" },
			},
			topologySpreadConstraints: spec.topologySpreadConstraints ?? evenly(registry),
			...(nodeSelector === undefined ? {} : { nodeSelector }),
			...(tolerations === undefined ? {} : { tolerations }),
			...(affinity === undefined ? {} : { affinity }),
			...(priorityClassName === undefined ? {} : { priorityClassName }),
			containers: [containerOf(plan)],
			volumes: volumesOf(plan),
		},
	};
};

const evenly = (registry: RegistryRef) =>
	["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
		maxSkew: 1,
		topologyKey,
		whenUnsatisfiable: "ScheduleAnyway",
		labelSelector: { matchLabels: selectorOf(registry) },
	}));

const containerOf = ({ spec, settings, defaultImage }: PodPlan) => ({
	name: "registry",
	image: spec.image ?? defaultImage,
	args: ["registry", "--config", `${PATHS.config}/limani.yaml`],
	...(spec.resources === undefined ? {} : { resources: spec.resources }),
	env: [
		{ name: "LIMANI_LISTEN", value: `0.0.0.0:${PORTS.clients}` },
		...settings.environment.map(({ variable, from, optional }) => ({
			name: variable,
			valueFrom: { secretKeyRef: { name: from.secret, key: from.key, ...(optional ? { optional } : {}) } },
		})),
	],
	ports: Object.entries(PORTS).map(([name, containerPort]) => ({ name, containerPort, protocol: "TCP" })),
	livenessProbe: probe("/livez", 6),
	readinessProbe: probe("/readyz", 2),
	startupProbe: probe("/livez", 60),
	securityContext: {
		allowPrivilegeEscalation: false,
		readOnlyRootFilesystem: true,
		capabilities: { drop: ["ALL"] },
	},
	volumeMounts: [
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
	],
});

const probe = (path: string, failureThreshold: number) => ({
	httpGet: { path, port: "operations", scheme: "HTTP" },
	periodSeconds: 5,
	timeoutSeconds: 3,
	failureThreshold,
});

const volumesOf = ({ registry, spec, settings }: PodPlan) => {
	const { workload, control, masterKey } = namesOf(registry);
	return [
		{ name: "config", configMap: { name: workload } },
		{ name: "control", secret: { secretName: control, defaultMode: 0o440 } },
		{ name: "master-key", secret: { secretName: masterKey, defaultMode: 0o440 } },
		{ name: "temporary", emptyDir: {} },
		// With files on a volume, its claim stands under this name.
		...(spec.storage.filesystem === undefined && spec.database.embedded === undefined
			? [{ name: "data", emptyDir: {} }]
			: []),
		...secretsOf(settings).map((secret) => ({
			name: volumeNameOf(secret),
			secret: { secretName: secret, defaultMode: 0o440 },
		})),
	];
};

/** The Secrets of which entries must be files. */
const secretsOf = ({ files }: Settings): readonly string[] => [...new Set(files.map(({ secret }) => secret))];
