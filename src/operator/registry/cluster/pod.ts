import type { RegistryRef } from "#/operator/registry/actuator.ts";
import { GRACE_S } from "./grace.ts";
import { labelsOf, namesOf, PORTS, selectorOf } from "./names.ts";
import { PATHS } from "./paths.ts";
import type { PodPlan } from "./pod-plan.ts";
import { mountsOf, volumesOf } from "./pod-volumes.ts";

/** User and group of the image. */
const USER = 65_532;

/** The template of a Registry's pods: fit for the restricted profile of Pod Security. */
export const podTemplateOf = (plan: PodPlan): { readonly [field: string]: unknown } => {
	const { registry, spec, revision } = plan;
	const { imagePullSecrets, nodeSelector, tolerations, affinity, priorityClassName } = spec;
	return {
		metadata: { labels: labelsOf(registry), annotations: { "limani.dev/settings": revision } },
		spec: {
			serviceAccountName: namesOf(registry).workload,
			...(imagePullSecrets === undefined ? {} : { imagePullSecrets }),
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

const containerOf = (plan: PodPlan) => ({
	name: "registry",
	image: plan.spec.image ?? plan.defaultImage,
	args: ["registry", "--config", `${PATHS.config}/limani.yaml`],
	...(plan.spec.resources === undefined ? {} : { resources: plan.spec.resources }),
	env: [
		{ name: "LIMANI_LISTEN", value: `0.0.0.0:${PORTS.clients}` },
		...plan.settings.environment.map(({ variable, from, optional }) => ({
			name: variable,
			valueFrom: { secretKeyRef: { name: from.secret, key: from.key, ...(optional ? { optional } : {}) } },
		})),
	],
	ports: Object.entries(PORTS).map(([name, containerPort]) => ({ name, containerPort, protocol: "TCP" })),
	livenessProbe: probe("/livez", 6),
	readinessProbe: probe("/readyz", 2),
	startupProbe: probe("/livez", plan.recovery === undefined ? STARTING : RESTORING),
	// What an archive is refused for, its owner can do something about.
	...(plan.recovery === undefined ? {} : { terminationMessagePolicy: "FallbackToLogsOnError" }),
	securityContext: {
		allowPrivilegeEscalation: false,
		readOnlyRootFilesystem: true,
		capabilities: { drop: ["ALL"] },
	},
	volumeMounts: mountsOf(plan),
});

/** Probes of a start that may fail, one every few seconds: five minutes. */
const STARTING = 60;
/** Where what an archive has is copied first: half a day. */
const RESTORING = 8_640;

const probe = (path: string, failureThreshold: number) => ({
	httpGet: { path, port: "operations", scheme: "HTTP" },
	periodSeconds: 5,
	timeoutSeconds: 3,
	failureThreshold,
});
