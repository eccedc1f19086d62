import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parse } from "yaml";
import { parseConfig } from "#/app/config/load.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { REGISTRY_STOP_MS } from "#/lib/registry-stop-ms.ts";
import { clusterSettingsOf, revisionOf, urlOf } from "#/operator/registry/cluster/cluster-settings.ts";
import { OWNED_TYPES, ownedTypeOf } from "#/operator/registry/cluster/owned-types.ts";
import { build, wantedOf } from "./wanted.ts";

const S3 = {
	s3: {
		endpoint: "https://s3.example",
		region: "eu-1",
		bucket: "images",
		credentialsSecretRef: { name: "s3-keys" },
		caSecretRef: { name: "s3-ca", key: "ca.crt" },
	},
};
const POSTGRES = {
	postgres: {
		urlSecretRef: { name: "database", key: "url" },
		caSecretRef: { name: `${"a-very-long-secret-name-".repeat(8)}x`, key: "ca.crt" },
	},
};

/** Specs, from nothing to everything. */
const SPECS: { readonly [name: string]: { readonly [field: string]: unknown } } = {
	"with nothing": {},
	stopped: { replicas: 0 },
	"with a class of volumes": { storage: { filesystem: { size: "1Ti", storageClassName: "fast" } } },
	"with a bucket and an embedded database": { storage: S3 },
	"with a bucket and a database": { replicas: 3, storage: S3, database: POSTGRES },
	"with a bucket and a database of its own": { replicas: 3, storage: S3, database: { cloudNativePG: {} } },
	"with Google's storage": {
		storage: { gcs: { bucket: "images", credentialsSecretRef: { name: "gcs", key: "key.json" } } },
		database: POSTGRES,
	},
	"with TLS of its own": { exposure: { tls: { secretName: "tls" }, service: { type: "LoadBalancer" } } },
	"behind an Ingress": {
		exposure: {
			ingress: { className: "nginx", host: "registry.example", tlsSecretName: "tls", annotations: { a: "b" } },
			service: { port: 8080, annotations: { c: "d" } },
		},
	},
	"with wishes for its pods": {
		image: "registry.example/limani@sha256:0",
		imagePullSecrets: [{ name: "registry-example" }],
		resources: { requests: { cpu: "500m", memory: "1Gi" } },
		nodeSelector: { disk: "fast" },
		tolerations: [{ key: "a", operator: "Exists" }],
		priorityClassName: "high",
	},
	"with backups on a volume": { backup: { archive: { filesystem: { size: "1Ti" } } } },
	"with sealed backups in a bucket": {
		backup: {
			archive: { s3: { ...S3.s3, bucket: "backups" } },
			encryptionKeySecretRef: { name: "seal", key: "archive.key" },
		},
	},
	"with users": { auth: { users: [{ name: "alice", passwordSecretRef: { name: "alice", key: "password" } }] } },
};

type Json = { readonly [field: string]: unknown };

const isRecord = (value: unknown): value is Json =>
	typeof value === "object" && value !== null && !Array.isArray(value);

/** The value below a path, of which every step has to be there. */
const at = (value: unknown, ...path: (string | number)[]): unknown =>
	path.reduce((parent: unknown, step) => {
		const found = Array.isArray(parent) ? parent[Number(step)] : isRecord(parent) ? parent[step] : undefined;
		assert.ok(found !== undefined, `there is no ${path.join(".")}`);
		return found;
	}, value);

const listAt = (value: unknown, ...path: (string | number)[]): readonly Json[] => {
	const found = at(value, ...path);
	assert.ok(Array.isArray(found));
	return found.filter(isRecord);
};

const only = (objects: readonly KubeObject[], kind: string): KubeObject => {
	const found = objects.filter((object) => object.kind === kind);
	assert.equal(found.length, 1, kind);
	return found[0] ?? assert.fail();
};

const workloadOf = (objects: readonly KubeObject[]): KubeObject => {
	const [found, ...others] = objects.filter(({ kind }) => kind === "StatefulSet" || kind === "Deployment");
	assert.deepEqual(others, []);
	return found ?? assert.fail("there is no workload");
};

const podOf = (objects: readonly KubeObject[]): Json => {
	const pod = at(workloadOf(objects), "spec", "template", "spec");
	assert.ok(isRecord(pod));
	return pod;
};

for (const [name, spec] of Object.entries(SPECS)) {
	suite(`A Registry ${name}`, () => {
		const { objects, settings } = build(spec);

		test("has pods that the restricted profile of Pod Security admits", () => {
			const pod = podOf(objects);
			assert.equal(at(pod, "securityContext", "runAsNonRoot"), true);
			assert.ok(Number(at(pod, "securityContext", "runAsUser")) > 0);
			assert.equal(at(pod, "securityContext", "seccompProfile", "type"), "RuntimeDefault");
			assert.equal(at(pod, "automountServiceAccountToken"), false);
			for (const field of ["hostNetwork", "hostPID", "hostIPC", "initContainers"]) assert.ok(!(field in pod), field);
			for (const container of listAt(pod, "containers")) {
				assert.equal(at(container, "securityContext", "allowPrivilegeEscalation"), false);
				assert.equal(at(container, "securityContext", "readOnlyRootFilesystem"), true);
				assert.deepEqual(at(container, "securityContext", "capabilities"), { drop: ["ALL"] });
				for (const port of listAt(container, "ports")) assert.ok(!("hostPort" in port));
			}
			const kinds = listAt(pod, "volumes").map(({ name: _name, ...kind }) => Object.keys(kind).join());
			assert.deepEqual(
				new Set(kinds).difference(new Set(["configMap", "secret", "emptyDir", "persistentVolumeClaim"])),
				new Set(),
			);
		});

		test("has a volume for each mount and a mount for each volume, at places of their own", () => {
			const pod = podOf(objects);
			const set = workloadOf(objects);
			const claims =
				isRecord(set.spec) && "volumeClaimTemplates" in set.spec ? listAt(set.spec, "volumeClaimTemplates") : [];
			const volumes = [
				...listAt(pod, "volumes").map(({ name }) => String(name)),
				...claims.map((claim) => String(at(claim, "metadata", "name"))),
			];
			const mounts = listAt(pod, "containers", 0, "volumeMounts");
			assert.deepEqual(mounts.map(({ name }) => String(name)).toSorted(), volumes.toSorted());
			assert.equal(new Set(volumes).size, volumes.length);
			assert.equal(new Set(mounts.map(({ mountPath }) => mountPath)).size, mounts.length);
			// Another field is refused by the API server with all of it.
			for (const mount of mounts) {
				const more = Object.keys(mount).filter((field) => !["name", "mountPath", "readOnly"].includes(field));
				assert.deepEqual(more, []);
			}
			for (const volume of volumes) assert.match(volume, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
		});

		test("tells its data plane where its files are, in words that this understands", () => {
			const document: unknown = parse(String(at(only(objects, "ConfigMap"), "data", "limani.yaml")));
			const variables = Object.fromEntries(settings.environment.map(({ variable }) => [variable, "postgres://x@y/z"]));
			const config = parseConfig(JSON.stringify(document), "a document", variables);
			const mounts = listAt(podOf(objects), "containers", 0, "volumeMounts").map(({ mountPath }) => String(mountPath));
			const files = JSON.stringify(document).match(/"\/[^"]+"/g) ?? [];
			assert.ok(files.length >= 4);
			for (const file of files) {
				assert.ok(
					mounts.some((path) => file.slice(1).startsWith(path)),
					file,
				);
			}
			assert.equal(config.listen, "0.0.0.0:5080");
			assert.equal(config.control?.listen, "0.0.0.0:7443");
			assert.equal(config.externalUrl, urlOf(wantedOf(spec)));
			const grace = Number(at(podOf(objects), "terminationGracePeriodSeconds"));
			const { stopDelay, drain } = config.limits;
			assert.ok(grace * 1_000 >= stopDelay + drain + REGISTRY_STOP_MS, "it is killed before it has ended by itself");
			assert.ok(grace <= 600, "cluster autoscalers kill it before");
		});

		test("has nothing of a Secret's content in any object, is owned by it alone, and is named as Services may be", () => {
			for (const object of objects) {
				assert.doesNotMatch(JSON.stringify(object), /content of/);
				assert.equal(object.metadata.ownerReferences?.length, 1);
				assert.equal(object.metadata.namespace, "team-a");
				assert.ok(OWNED_TYPES.includes(ownedTypeOf(object)));
			}
			const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
			assert.equal(new Set(names).size, names.length);
			assert.deepEqual(build(spec).objects, objects);
		});

		test("has a selector that finds its pods, and Services that lead to ports they have", () => {
			const template = at(workloadOf(objects), "spec", "template");
			const labels = at(template, "metadata", "labels");
			const ports = new Set(listAt(template, "spec", "containers", 0, "ports").map(({ name }) => name));
			const services = objects.filter(({ kind }) => kind === "Service");
			const selectors = [
				at(workloadOf(objects), "spec", "selector", "matchLabels"),
				at(only(objects, "NetworkPolicy"), "spec", "podSelector", "matchLabels"),
				...services.map(({ spec }) => at(spec, "selector")),
			];
			for (const selector of selectors) {
				assert.ok(isRecord(selector) && Object.keys(selector).length > 0);
				for (const [label, value] of Object.entries(selector)) assert.equal(at(labels, label), value);
			}
			for (const service of services) {
				for (const { targetPort } of listAt(service, "spec", "ports")) assert.ok(ports.has(targetPort));
			}
			for (const { spec } of objects.filter(({ kind }) => kind === "Ingress")) {
				assert.deepEqual(at(spec, "rules", 0, "http", "paths", 0, "backend", "service"), {
					name: "app-registry",
					port: { name: "clients" },
				});
			}
		});
	});
}

test("The control port is in no Ingress and no Service of clients, and open to the operator's pods alone", () => {
	const { objects } = build(SPECS["behind an Ingress"] ?? {});
	for (const object of objects) {
		const text = JSON.stringify(object.spec);
		const mayName = ["app-registry-control", "app-registry"].includes(object.metadata.name);
		if (object.kind === "Service" && object.metadata.name !== "app-registry-control")
			assert.doesNotMatch(text, /control/);
		if (object.kind === "Ingress") assert.doesNotMatch(text, /control/);
		assert.ok(mayName || !/7443/.test(text));
	}
	const rules = listAt(only(objects, "NetworkPolicy"), "spec", "ingress");
	const [open, guarded] = rules;
	assert.ok(!("from" in (open ?? {})) && !JSON.stringify(open).includes("control"));
	assert.deepEqual(at(guarded, "from"), [
		{
			namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "limani" } },
			podSelector: { matchLabels: { app: "limani-operator" } },
		},
	]);
});

test("Only a Registry with files or an embedded database has a volume, which one pod on one node may use", () => {
	for (const [name, spec] of Object.entries(SPECS)) {
		const set = workloadOf(build(spec).objects).spec;
		const claims = isRecord(set) && "volumeClaimTemplates" in set ? listAt(set, "volumeClaimTemplates") : [];
		assert.equal(claims.length, "database" in spec ? 0 : 1, name);
		for (const claim of claims) assert.deepEqual(at(claim, "spec", "accessModes"), ["ReadWriteOncePod"]);
	}
});

const volumesOf = (objects: readonly KubeObject[]) =>
	listAt(podOf(objects), "volumes").flatMap(({ name, persistentVolumeClaim }) =>
		persistentVolumeClaim === undefined ? [] : [[name, at(persistentVolumeClaim, "claimName")]],
	);

test("A volume for backups is mounted by the one pod there is, which ends before the next begins", () => {
	const spec = { storage: S3, database: POSTGRES, backup: { archive: { filesystem: {} } } };
	const { objects } = build(spec);
	const set = workloadOf(objects);
	assert.equal(set.kind, "StatefulSet");
	assert.ok(isRecord(set.spec) && !("volumeClaimTemplates" in set.spec));
	assert.deepEqual(volumesOf(objects), [["archive", "app-backup"]]);
	assert.equal(workloadOf(build({ ...spec, backup: { archive: { s3: { bucket: "b" } } } }).objects).kind, "Deployment");
});

test("What a Registry begins with is mounted until it has begun, and its pods have hours to start", () => {
	const recovery = { archive: { filesystem: { claimName: "old-backup" } } };
	const spec = SPECS["with a bucket and a database"] ?? {};
	const [beginning, begun] = [build(spec, recovery), build(spec)];
	assert.deepEqual(volumesOf(beginning.objects), [["recovery", "old-backup"]]);
	assert.deepEqual(volumesOf(begun.objects), []);
	const startS = ({ objects }: typeof begun) => {
		const probe = at(podOf(objects), "containers", 0, "startupProbe");
		return Number(at(probe, "periodSeconds")) * Number(at(probe, "failureThreshold"));
	};
	assert.ok(startS(beginning) >= 6 * 3_600 && startS(begun) <= 600);
	const document: unknown = parse(String(at(only(beginning.objects, "ConfigMap"), "data", "limani.yaml")));
	const mounts = listAt(podOf(beginning.objects), "containers", 0, "volumeMounts");
	const [mount] = mounts.filter(({ name }) => name === "recovery");
	const root = String(at(document, "recovery", "archive", "filesystem", "root"));
	assert.ok(root.startsWith(`${String(mount?.mountPath)}/`), root);
	// Neither its files nor who may read them change: whose claim it is nobody knows.
	assert.equal(mount?.readOnly, true);
	const [volume] = listAt(podOf(beginning.objects), "volumes").filter(({ name }) => name === "recovery");
	assert.deepEqual(volume?.persistentVolumeClaim, { claimName: "old-backup", readOnly: true });
	assert.ok(!("recovery" in (parse(String(at(only(begun.objects, "ConfigMap"), "data", "limani.yaml"))) ?? {})));
});

test("Pods without a volume are replaced by one more that is ready first, one with a volume ends before the next", () => {
	for (const [name, spec] of Object.entries(SPECS)) {
		const workload = workloadOf(build(spec).objects);
		assert.equal(workload.kind, "database" in spec ? "Deployment" : "StatefulSet", name);
		if (workload.kind !== "Deployment") continue;
		assert.deepEqual(at(workload, "spec", "strategy", "rollingUpdate"), { maxSurge: 1, maxUnavailable: 0 });
	}
});

test("Pods are pulled with the Secrets that the spec names, and with none where it names none", () => {
	const named = podOf(build(SPECS["with wishes for its pods"] ?? {}).objects);
	assert.deepEqual(at(named, "imagePullSecrets"), [{ name: "registry-example" }]);
	assert.ok(!Object.hasOwn(Object(podOf(build({}).objects)), "imagePullSecrets"));
});

test("Replicas are spread over zones and nodes, by the labels of their own pods, unless the spec has other wishes", () => {
	const { objects } = build(SPECS["with a bucket and a database"] ?? {});
	const labels = Object(at(workloadOf(objects), "spec", "template", "metadata", "labels"));
	const spread = listAt(podOf(objects), "topologySpreadConstraints");
	assert.deepEqual(
		spread.map(({ topologyKey }) => topologyKey),
		["topology.kubernetes.io/zone", "kubernetes.io/hostname"],
	);
	for (const { maxSkew, whenUnsatisfiable, labelSelector } of spread) {
		assert.equal(maxSkew, 1);
		// Where there is one node, all replicas are on it, rather than nowhere.
		assert.equal(whenUnsatisfiable, "ScheduleAnyway");
		const wanted = Object.entries(Object(at(labelSelector, "matchLabels")));
		assert.ok(wanted.length >= 2);
		assert.ok(wanted.every(([name, value]) => labels[name] === value));
	}
});

test("Several replicas have a budget that lets one be away, and one replica has none that could hold up a drain", () => {
	const spec = SPECS["with a bucket and a database"] ?? {};
	const budgetsOf = (more: Json) =>
		build({ ...spec, ...more }).objects.filter(({ kind }) => kind === "PodDisruptionBudget");
	for (const more of [
		{ replicas: 0 },
		{ replicas: 1 },
		{ replicas: 1, autoscaling: { minReplicas: 1, maxReplicas: 4 } },
	]) {
		assert.deepEqual(budgetsOf(more), [], JSON.stringify(more));
	}
	for (const more of [
		{ replicas: 2 },
		{ replicas: 3 },
		{ replicas: 1, autoscaling: { minReplicas: 2, maxReplicas: 4 } },
	]) {
		const [budget] = budgetsOf(more);
		assert.equal(at(budget, "spec", "maxUnavailable"), 1);
		assert.deepEqual(
			at(budget, "spec", "selector"),
			at(workloadOf(build({ ...spec, ...more }).objects), "spec", "selector"),
		);
	}
	assert.deepEqual(
		build(SPECS["with nothing"] ?? {}).objects.filter(({ kind }) => kind === "PodDisruptionBudget"),
		[],
	);
});

test("Load scales the Registry itself, within its bounds, unless it is to serve nobody", () => {
	const spec = SPECS["with a bucket and a database"] ?? {};
	const autoscaling = { minReplicas: 2, maxReplicas: 5 };
	const scaler = only(build({ ...spec, replicas: 1, autoscaling }).objects, "HorizontalPodAutoscaler");
	assert.deepEqual(at(scaler, "spec", "scaleTargetRef"), {
		apiVersion: "limani.dev/v1alpha1",
		kind: "Registry",
		name: "app",
	});
	assert.deepEqual([at(scaler, "spec", "minReplicas"), at(scaler, "spec", "maxReplicas")], [2, 5]);
	const stopped = build({ ...spec, replicas: 0, autoscaling }).objects;
	assert.ok(!stopped.some(({ kind }) => kind === "HorizontalPodAutoscaler"));
	assert.throws(() => build({ replicas: 1, autoscaling }), /several replicas need database.postgres/);
	assert.throws(() => build({ ...spec, autoscaling: { minReplicas: 6, maxReplicas: 5 } }), /minReplicas/);
});

test("Clients are sent to what the spec says, to the Ingress, or to the Service, in that order", () => {
	const cases: readonly (readonly [exposure: Json, url: string])[] = [
		[{}, "http://app-registry.team-a.svc"],
		[{ service: { port: 80 } }, "http://app-registry.team-a.svc"],
		[{ service: { port: 8080 } }, "http://app-registry.team-a.svc:8080"],
		[{ tls: { secretName: "tls" } }, "https://app-registry.team-a.svc"],
		[{ tls: { secretName: "tls" }, service: { port: 80 } }, "https://app-registry.team-a.svc:80"],
		[{ ingress: { host: "registry.example" } }, "http://registry.example"],
		[{ ingress: { host: "registry.example", tlsSecretName: "tls" } }, "https://registry.example"],
		[{ ingress: { host: "registry.example" }, externalUrl: "https://images.example" }, "https://images.example"],
	];
	for (const [exposure, url] of cases) assert.equal(urlOf(wantedOf({ exposure })), url);
});

test("A revision follows the document and the versions of the Secrets that pods read, and nothing else", () => {
	const spec = SPECS["with a bucket and a database"] ?? {};
	const revision = (versions: { readonly [name: string]: string }, changed: Json = {}, own = ["1", "2"]) =>
		revisionOf(clusterSettingsOf(wantedOf({ ...spec, ...changed })), new Map(Object.entries(versions)), own);
	const first = revision({ "s3-keys": "1", database: "1" });
	assert.equal(revision({ database: "1", "s3-keys": "1", other: "9" }), first);
	assert.equal(revision({ "s3-keys": "1", database: "1" }, { replicas: 2 }), first);
	const others = [
		revision({ "s3-keys": "2", database: "1" }),
		revision({ "s3-keys": "1", database: "2" }),
		revision({ "s3-keys": "1", database: "1" }, { auth: { anonymousPull: false } }),
		revision({ "s3-keys": "1", database: "1" }, {}, ["3", "2"]),
	];
	assert.equal(new Set([first, ...others]).size, 5);
});

test("A Registry with a database of its own has its authority's certificate, and not the key that signs", () => {
	const { objects, settings } = build({ storage: S3, database: { cloudNativePG: {} } });
	const volumes = listAt(podOf(objects), "volumes");
	const own = volumes.filter((volume) => JSON.stringify(volume).includes('"app-database-ca"'));
	assert.deepEqual(
		own.map((volume) => at(volume, "secret", "items")),
		[[{ key: "ca.crt", path: "ca.crt" }]],
	);
	assert.deepEqual(settings.environment.find(({ variable }) => variable === "LIMANI_DATABASE_POSTGRES_URL")?.from, {
		secret: "app-database-app",
		key: "uri",
	});
	for (const volume of volumes) {
		const others = "secret" in volume && !own.includes(volume);
		if (others) assert.doesNotMatch(JSON.stringify(volume), /items/);
	}
});
