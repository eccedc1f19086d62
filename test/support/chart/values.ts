import { z } from "zod";
import { wholeList } from "#/api/fields/lists.ts";
import { annotations, labels, namespaceName, objectName } from "#/api/fields/names.ts";
import { podFields } from "#/api/fields/pods.ts";
import { byteQuantity } from "#/api/fields/quantities.ts";
import { labelSelector } from "#/api/fields/selectors.ts";

const flag = z.boolean();

const repository = z
	.string()
	.max(255)
	.regex(/^([A-Za-z0-9][A-Za-z0-9._:/-]*)?$/, "expected the name of an image, without tag and digest");
const tag = z
	.string()
	.max(128)
	.regex(/^([A-Za-z0-9_][A-Za-z0-9._-]*)?$/, "expected a tag");
const digest = z
	.string()
	.regex(/^(sha256:[a-f0-9]{64})?$/, "expected sha256: and 64 hexadecimal digits")
	.default("");

const image = z.object({
	repository: repository.default("").describe("Where the image is, such as registry.example.org/limani. Required"),
	tag: tag.default("").describe("Its tag; empty: the chart's appVersion"),
	digest: digest.describe("Its digest, which is taken instead of the tag"),
	pullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).default("IfNotPresent").describe("When it is pulled"),
	pullSecrets: wholeList(z.object({ name: objectName.describe("Name of the Secret") }), 16)
		.default([])
		.describe("Secrets of the release's namespace that it is pulled with"),
});

const registryImage = z.object({
	repository: repository.default("").describe("Where it is; empty: the operator's image altogether"),
	tag: tag.default("").describe("Its tag; empty: the chart's appVersion"),
	digest: digest.describe("Its digest, which is taken instead of the tag"),
});

const secrets = z.object({
	namespaces: wholeList(namespaceName, 512)
		.default([])
		.describe(
			"Namespaces whose Secrets the operator may read and write: where Registries, RobotAccounts and copies of their credentials are. Those of watchNamespaces are among them; empty, and watchNamespaces empty as well: the release's own",
		),
	clusterWide: flag.default(false).describe("Whether it may read and write the Secrets of all namespaces instead"),
});

const peer = z.object({
	namespaceSelector: labelSelector.exactOptional().describe("Namespaces"),
	podSelector: labelSelector.exactOptional().describe("Pods"),
});

const networkPolicy = z.object({
	enabled: flag.default(true).describe("Whether a NetworkPolicy says whom the operator's pods may speak to"),
	metricsFrom: wholeList(peer, 32)
		.default([])
		.describe("Who may read health and metrics, as peers of a NetworkPolicy; empty: everybody in the cluster"),
	apiServer: z
		.object({
			cidrs: wholeList(z.string().max(64), 32).default([]).describe("Networks it is in; empty: anywhere"),
			ports: wholeList(z.int().min(1).max(65_535), 8).default([443, 6443]).describe("Ports that it listens on"),
		})
		.prefault({})
		.describe("Where the Kubernetes API is"),
});

const interval = z
	.string()
	.regex(/^[0-9]+(s|m)$/, "expected a time such as 30s")
	.default("30s");

const monitors = (what: string) =>
	z.object({
		enabled: flag.default(false).describe(`Whether ${what}; needs the Prometheus operator's definitions`),
		labels: labels.default({}).describe("Labels that your Prometheus selects it by"),
		interval: interval.describe("How often metrics are read"),
	});

const monitoring = z.object({
	serviceMonitor: monitors("a ServiceMonitor has the operator's metrics read").prefault({}).describe("The operator"),
	podMonitor: monitors("a PodMonitor has the metrics of Registries read").prefault({}).describe("The registries"),
	rules: z
		.object({
			enabled: flag
				.default(false)
				.describe("Whether a PrometheusRule brings the alerts; needs the Prometheus operator's definitions"),
			labels: labels.default({}).describe("Labels that your Prometheus selects it by"),
			runbooks: z
				.string()
				.max(1_024)
				.default("docs/runbooks.md")
				.describe("Address of the page of runbooks; each alert names its heading there"),
			replicationLagSeconds: z.int().min(60).default(3_600).describe("How far replication may lag behind"),
			backupAgeSeconds: z
				.int()
				.min(3_600)
				.default(86_400)
				.describe("How old the last backup of a Registry with spec.backup may be; the alert comes a day later"),
		})
		.prefault({})
		.describe("Alerts"),
	dashboard: z
		.object({
			enabled: flag.default(false).describe("Whether a ConfigMap brings the Grafana dashboard"),
			labels: labels.default({ grafana_dashboard: "1" }).describe("Labels that Grafana's sidecar selects it by"),
			annotations: annotations.default({}).describe("Annotations, such as the folder in Grafana"),
		})
		.prefault({})
		.describe("Dashboard"),
});

const tests = z.object({
	enabled: flag
		.default(true)
		.describe("Whether helm test makes a Registry, a Project and a RobotAccount, and pushes and pulls with them"),
	storageClassName: z.string().max(253).default("").describe("Class of the volume; empty: the cluster's default"),
	size: byteQuantity.default("1Gi").describe("Size of the volume"),
	timeoutSeconds: z.int().min(10).max(3_600).default(300).describe("How long it may take"),
});

const admission = z.object({
	enabled: flag
		.default(true)
		.describe(
			"Whether ValidatingAdmissionPolicies hold rules that no schema can say; the cluster has to have that API",
		),
	failurePolicy: z.enum(["Fail", "Ignore"]).default("Fail").describe("What is done where a rule cannot be judged"),
});

/** The values of the chart `limani`: what its `values.schema.json`, `values.yaml` and table of values are made from. */
export const chartValues = z.object({
	image: image.prefault({}).describe("Image of the operator"),
	registryImage: registryImage.prefault({}).describe("Image of Registries that name none"),
	watchNamespaces: wholeList(namespaceName, 512)
		.default([])
		.describe("Namespaces that the operator looks after, with a Role in each; empty: all, with a ClusterRole"),
	secrets: secrets.prefault({}).describe("Secrets that the operator may have"),
	replicas: z.int().min(0).max(10).default(2).describe("Processes of the operator, of which one works at a time"),
	logLevel: z.enum(["error", "warn", "info", "debug"]).default("info").describe("The least that is logged"),
	crds: z
		.object({
			enabled: flag.default(true).describe("Whether the definitions of the kinds are part of the release"),
			keep: flag
				.default(true)
				.describe("Whether they stay when the release goes: without them, every resource of theirs is deleted"),
		})
		.prefault({})
		.describe("Definitions of the custom resources"),
	rbac: z
		.object({
			create: flag.default(true).describe("Whether the operator's roles are made"),
			aggregate: flag
				.default(true)
				.describe(
					"Whether the usual roles view, edit and admin get rights over our kinds, in the namespaces of their holders",
				),
		})
		.prefault({})
		.describe("Rights"),
	serviceAccount: z
		.object({
			create: flag.default(true).describe("Whether it is made"),
			name: z.string().max(253).default("").describe("Its name; empty: the release's"),
			annotations: annotations.default({}).describe("Its annotations"),
		})
		.prefault({})
		.describe("ServiceAccount of the operator"),
	admission: admission.prefault({}).describe("Rules at the API server"),
	networkPolicy: networkPolicy.prefault({}).describe("Network of the operator's pods"),
	podDisruptionBudget: z
		.object({
			enabled: flag.default(true).describe("Whether there is one, when there is more than one replica"),
			maxUnavailable: z.int().min(1).default(1).describe("How many pods may be away at a time"),
		})
		.prefault({})
		.describe("PodDisruptionBudget of the operator"),
	resources: podFields.resources
		.unwrap()
		.default({ requests: { cpu: "50m", memory: "192Mi" }, limits: { memory: "512Mi" } })
		.describe("What a pod needs and may use"),
	nodeSelector: labels.default({}).describe("Labels that a pod's node must have"),
	tolerations: podFields.tolerations.unwrap().default([]).describe("Taints that do not matter"),
	affinity: podFields.affinity.unwrap().default({}).describe("Where pods go by what is there already"),
	topologySpreadConstraints: podFields.topologySpreadConstraints
		.unwrap()
		.default([])
		.describe("How pods are spread; empty: evenly over zones and nodes"),
	priorityClassName: z.string().max(253).default("").describe("PriorityClass of the pods; empty: the default"),
	podLabels: labels.default({}).describe("More labels of the pods"),
	podAnnotations: annotations.default({}).describe("Annotations of the pods"),
	commonLabels: labels.default({}).describe("Labels of every object of the release"),
	nameOverride: z.string().max(40).default("").describe("Name in place of the chart's"),
	fullnameOverride: z.string().max(40).default("").describe("Name of the objects in place of the release's"),
	monitoring: monitoring.prefault({}).describe("Metrics, alerts, dashboard"),
	tests: tests.prefault({}).describe("What helm test does"),
	extraObjects: z
		.array(z.record(z.string(), z.unknown()))
		.default([])
		.describe(
			"More objects of the release, templates themselves; not of our kinds, which a first install does not know yet",
		),
	global: z.record(z.string(), z.unknown()).default({}).describe("Values that helm gives to subcharts; none are read"),
});

/** The values of the chart `limani-crds`. */
export const crdsChartValues = z.object({
	keep: flag
		.default(true)
		.describe("Whether the definitions stay when the release goes: without them, every resource of theirs is deleted"),
	commonLabels: labels.default({}).describe("Labels of the definitions"),
	global: z.record(z.string(), z.unknown()).default({}).describe("Values that helm gives to subcharts; none are read"),
});
