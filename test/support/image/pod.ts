// A pod of a Registry as the operator wants it, as a container: what a kubelet would make of it.
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ContainerSpec } from "./containerd.ts";

const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string(), scheme: z.literal("HTTP") }) });
/** Strict where something left out would make another container of it. */
const containerSchema = z.strictObject({
	name: z.string(),
	image: z.string(),
	args: z.array(z.string()),
	resources: z.object({ limits: z.object({ memory: z.templateLiteral([z.number(), "Mi"]) }) }),
	env: z.array(z.strictObject({ name: z.string(), value: z.string() })),
	ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
	livenessProbe: probe,
	readinessProbe: probe,
	startupProbe: probe,
	securityContext: z.strictObject({
		allowPrivilegeEscalation: z.literal(false),
		readOnlyRootFilesystem: z.literal(true),
		capabilities: z.strictObject({ drop: z.tuple([z.literal("ALL")]) }),
	}),
	volumeMounts: z.array(
		z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().default(false) }),
	),
});
const volumeSchema = z.union([
	z.strictObject({ name: z.string(), configMap: z.object({ name: z.string() }) }),
	z.strictObject({ name: z.string(), secret: z.object({ secretName: z.string(), defaultMode: z.number() }) }),
	z.strictObject({ name: z.string(), emptyDir: z.object({}) }),
]);
const statefulSetSchema = z.object({
	spec: z.object({
		volumeClaimTemplates: z.array(z.object({ metadata: z.object({ name: z.string() }) })).default([]),
		template: z.object({
			spec: z.object({
				terminationGracePeriodSeconds: z.number(),
				securityContext: z.object({
					runAsNonRoot: z.literal(true),
					runAsUser: z.number(),
					runAsGroup: z.number(),
					fsGroup: z.number(),
					seccompProfile: z.object({ type: z.literal("RuntimeDefault") }),
				}),
				containers: z.tuple([containerSchema]),
				volumes: z.array(volumeSchema),
			}),
		}),
	}),
});

/** The pod of a StatefulSet. */
export interface Pod {
	readonly container: ContainerSpec;
	/** `user:group` */
	readonly user: string;
	readonly ports: Readonly<Record<string, number>>;
	/** The path that each probe gets, and the name of its port. */
	readonly probes: Readonly<
		Record<"liveness" | "readiness" | "startup", { readonly path: string; readonly port: string }>
	>;
	readonly graceSeconds: number;
}

/**
 * Lays out the volumes of the one pod of a StatefulSet, with the owners and rights that a kubelet gives them.
 *
 * @param objects the StatefulSet, and the ConfigMaps and Secrets that its pod mounts
 * @param folder a new folder
 */
export const layOutPod = (objects: readonly KubeObject[], folder: string): Pod => {
	const { spec } = statefulSetSchema.parse(objects.find(({ kind }) => kind === "StatefulSet"));
	const { securityContext, containers, volumes, terminationGracePeriodSeconds } = spec.template.spec;
	const [container] = containers;
	const claims = spec.volumeClaimTemplates.map(({ metadata }) => ({ name: metadata.name, emptyDir: {} }));
	mkdirSync(folder);
	for (const volume of [...volumes, ...claims]) {
		layOut(volume, join(folder, volume.name), { objects, group: securityContext.fsGroup });
	}
	return {
		container: {
			args: container.args,
			environment: Object.fromEntries(container.env.map(({ name, value }) => [name, value])),
			mounts: container.volumeMounts.map(({ name, mountPath, readOnly }) => ({
				source: join(folder, name),
				path: mountPath,
				readOnly,
			})),
			network: "own",
			memoryBytes: Number.parseInt(container.resources.limits.memory, 10) * 1024 * 1024,
		},
		user: `${securityContext.runAsUser}:${securityContext.runAsGroup}`,
		ports: Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort])),
		probes: {
			liveness: container.livenessProbe.httpGet,
			readiness: container.readinessProbe.httpGet,
			startup: container.startupProbe.httpGet,
		},
		graceSeconds: terminationGracePeriodSeconds,
	};
};

const dataSchema = z.object({ data: z.record(z.string(), z.string()) });

const layOut = (
	volume: z.infer<typeof volumeSchema>,
	folder: string,
	{ objects, group }: { readonly objects: readonly KubeObject[]; readonly group: number },
): void => {
	mkdirSync(folder);
	chownSync(folder, 0, group);
	chmodSync(folder, 0o2775);
	if ("emptyDir" in volume) return;
	const isSecret = "secret" in volume;
	const [kind, name] = isSecret ? ["Secret", volume.secret.secretName] : ["ConfigMap", volume.configMap.name];
	const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
	for (const [entry, text] of Object.entries(dataSchema.parse(found).data)) {
		const file = join(folder, entry);
		writeFileSync(file, Buffer.from(text, isSecret ? "base64" : "utf8"));
		chownSync(file, 0, group);
		chmodSync(file, isSecret ? volume.secret.defaultMode : 0o644);
	}
};
