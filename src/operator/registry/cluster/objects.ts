/** What a Registry is in a cluster: pure builders, one plan gives the same objects always. */
import { stringify } from "yaml";
import type { KubeObject } from "#/kube/kube-object.ts";
import { type ClusterPlan, metadataOf } from "./cluster-plan.ts";
import { namesOf, PORTS, selectorOf } from "./names.ts";
import { scalingOf } from "./scaling.ts";
import { workloadOf } from "./workload.ts";

/** All objects of a Registry but its Secrets, in the order in which they are applied. */
export const objectsOf = (plan: ClusterPlan): readonly KubeObject[] => [
	serviceAccountOf(plan),
	configMapOf(plan),
	...servicesOf(plan),
	networkPolicyOf(plan),
	workloadOf(plan),
	...scalingOf(plan),
	...ingressOf(plan),
];

const serviceAccountOf = (plan: ClusterPlan): KubeObject => ({
	apiVersion: "v1",
	kind: "ServiceAccount",
	metadata: metadataOf(plan, namesOf(plan.registry).workload),
	automountServiceAccountToken: false,
});

const configMapOf = (plan: ClusterPlan): KubeObject => ({
	apiVersion: "v1",
	kind: "ConfigMap",
	metadata: metadataOf(plan, namesOf(plan.registry).workload),
	data: { "limani.yaml": stringify(plan.settings.document) },
});

const servicesOf = (plan: ClusterPlan): readonly KubeObject[] => {
	const { workload, pods, control } = namesOf(plan.registry);
	const { service, tls } = plan.spec.exposure;
	const build = (name: string, spec: object, annotations?: { readonly [key: string]: string }): KubeObject => ({
		apiVersion: "v1",
		kind: "Service",
		metadata: metadataOf(plan, name, annotations),
		spec: { selector: selectorOf(plan.registry), ...spec },
	});
	const port = (name: keyof typeof PORTS, number: number) => ({
		name,
		port: number,
		targetPort: name,
		protocol: "TCP",
	});
	return [
		build(
			workload,
			{ type: service.type, ports: [port("clients", service.port ?? (tls === undefined ? 80 : 443))] },
			service.annotations,
		),
		build(control, { type: "ClusterIP", ports: [port("control", PORTS.control)] }),
		build(pods, {
			clusterIP: "None",
			publishNotReadyAddresses: true,
			ports: [port("clients", PORTS.clients), port("operations", PORTS.operations)],
		}),
	];
};

/** Clients and monitoring come from anywhere in the cluster, control from the operator alone. */
const networkPolicyOf = (plan: ClusterPlan): KubeObject => ({
	apiVersion: "networking.k8s.io/v1",
	kind: "NetworkPolicy",
	metadata: metadataOf(plan, namesOf(plan.registry).workload),
	spec: {
		podSelector: { matchLabels: selectorOf(plan.registry) },
		policyTypes: ["Ingress"],
		ingress: [
			{
				ports: [
					{ port: "clients", protocol: "TCP" },
					{ port: "operations", protocol: "TCP" },
				],
			},
			{
				from: [
					{
						namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": plan.operator.namespace } },
						podSelector: { matchLabels: plan.operator.labels },
					},
				],
				ports: [{ port: "control", protocol: "TCP" }],
			},
		],
	},
});

const ingressOf = (plan: ClusterPlan): readonly KubeObject[] => {
	const { ingress } = plan.spec.exposure;
	if (ingress === undefined) return [];
	const { workload } = namesOf(plan.registry);
	const { className, host, annotations, tlsSecretName } = ingress;
	const backend = { service: { name: workload, port: { name: "clients" } } };
	return [
		{
			apiVersion: "networking.k8s.io/v1",
			kind: "Ingress",
			metadata: metadataOf(plan, workload, annotations),
			spec: {
				...(className === undefined ? {} : { ingressClassName: className }),
				rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
				...(tlsSecretName === undefined ? {} : { tls: [{ hosts: [host], secretName: tlsSecretName }] }),
			},
		},
	];
};
