/** The volumes of a Registry's storage classes: each is made for its class, and mounted when its pod will not wait for it. */
import type { RegistrySpec } from "#/api/kinds/registry.ts";
import type { RegistryStorageClass } from "#/api/kinds/registry-storage.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { listAll } from "#/kube/list-all.ts";
import { PERSISTENT_VOLUME_CLAIMS } from "#/kube/resource-type.ts";
import type { RegistryProblem, RegistryRef } from "#/operator/registry/actuator.ts";
import { type ClaimVerdict, judgeClaim } from "./judge-claim.ts";
import { classClaimOf, lastingLabelsOf } from "./names.ts";
import { refusalOf } from "./problems.ts";
import { claimsMountedBy, readPodCounts } from "./read-state.ts";
import { createClaim, findNamed, growTo } from "./volume-claim.ts";
import { whyUnbound } from "./why-unbound.ts";

/** Label of the volume claim of a storage class, with the name of the class. */
const CLASS_LABEL = "limani.dev/storage-class";

/** Claims that are listed at once. */
const PAGE = 100;

/** What is known when volumes are decided on. */
interface ClassVolumesOf {
	readonly spec: Pick<RegistrySpec, "storageClasses">;
	/** Classes that something is in. */
	readonly used: ReadonlySet<string>;
	/** What runs its pods now; absent: nothing does. */
	readonly workload: KubeObject | undefined;
}

/** What came of it. */
export interface ClassVolumes {
	/** Names of the classes whose volumes are to be mounted, in an order that stays. */
	readonly mounted: readonly string[];
	/** What keeps others from it, or these from being as wanted; absent: nothing does. */
	readonly problem: RegistryProblem | undefined;
}

/**
 * Makes the volumes of classes, or has them grow. A pod waits for ever for a volume that cannot be had, and everybody with
 * it: so such a one is not mounted, and only its class is away.
 *
 * @throws KubeError
 */
export const ensureClassVolumes = async (
	client: Pick<KubeClient, "find" | "create" | "patch">,
	registry: RegistryRef,
	{ spec, used, workload }: ClassVolumesOf,
	signal: AbortSignal,
): Promise<ClassVolumes> => {
	const present = workload === undefined ? undefined : readPodCounts(workload);
	const mountedNow = workload === undefined ? new Set<string>() : claimsMountedBy(workload);
	const mounted: string[] = [];
	const problems: RegistryProblem[] = [];
	// By name: pods would be replaced for another order.
	for (const one of spec.storageClasses.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
		if (one.filesystem === undefined) continue;
		const isMounted = mountedNow.has(classClaimOf(registry, one.name));
		const standing = { isUsed: used.has(one.name), isMounted, isServing: (present?.ready ?? 0) > 0 };
		const verdict = await ensureOne(client, registry, { ...one, filesystem: one.filesystem }, standing, signal);
		if (verdict.mount) mounted.push(one.name);
		if (verdict.problem !== undefined) problems.push(verdict.problem);
	}
	return { mounted, problem: together(problems) };
};

/**
 * Deletes the volumes of all classes that a Registry has, or had.
 *
 * @throws KubeError
 */
export const deleteClassVolumes = async (
	client: Pick<KubeClient, "list" | "delete">,
	registry: RegistryRef,
	signal: AbortSignal,
): Promise<void> => {
	const { namespace } = registry;
	const labelSelector = Object.entries(lastingLabelsOf(registry))
		.map(([label, value]) => `${label}=${value}`)
		.join(",");
	const selection = { namespace, labelSelector, limit: PAGE };
	const { items } = await listAll(client, PERSISTENT_VOLUME_CLAIMS, selection, signal);
	for (const { metadata } of items) {
		if (metadata.labels?.[CLASS_LABEL] === undefined) continue;
		const { name, uid } = metadata;
		await client.delete(PERSISTENT_VOLUME_CLAIMS, { namespace, name }, { uid }, signal);
	}
};

type VolumeClass = Pick<RegistryStorageClass, "name"> & {
	readonly filesystem: NonNullable<RegistryStorageClass["filesystem"]>;
};

interface Standing {
	readonly isUsed: boolean;
	readonly isMounted: boolean;
	readonly isServing: boolean;
}

const ensureOne = async (
	client: Pick<KubeClient, "find" | "create" | "patch">,
	registry: RegistryRef,
	{ name, filesystem }: VolumeClass,
	standing: Standing,
	signal: AbortSignal,
): Promise<ClaimVerdict> => {
	const claimName = classClaimOf(registry, name);
	const field = `spec.storageClasses[${name}].filesystem`;
	const named = { field, claimName, labels: { ...lastingLabelsOf(registry), [CLASS_LABEL]: name } };
	let isMounted = false;
	try {
		const found = await findNamed(client, registry, claimName, signal);
		// An empty one in place of one that was used would be in the way of whoever restores it.
		if (found === undefined && !standing.isUsed) {
			// One node is not enough: two pods on it would write together.
			const accessMode = "ReadWriteOncePod";
			const made = { name: claimName, labels: named.labels, accessMode, volume: filesystem } as const;
			await createClaim(client, registry, made, signal);
		}
		const claim = found ?? (await findNamed(client, registry, claimName, signal));
		const unbound = claim === undefined ? undefined : await whyUnbound(client, claim, signal);
		const verdict = judgeClaim({ ...named, ...standing, claim, unbound });
		isMounted = verdict.mount;
		if (claim === undefined || !isBound(claim) || verdict.problem !== undefined) return verdict;
		const problem = await growTo(client, registry, { claim, field: `${field}.size`, size: filesystem.size }, signal);
		return { ...verdict, problem };
	} catch (error) {
		const problem = refusalOf(error);
		if (problem === undefined) throw error;
		return { mount: isMounted || standing.isMounted, problem: { ...problem, message: `${field}: ${problem.message}` } };
	}
};

/** A claim that has its volume: the size of another cannot be changed yet. */
const isBound = ({ status }: KubeObject): boolean =>
	typeof status === "object" && status !== null && "phase" in status && status.phase === "Bound";

const together = (problems: readonly RegistryProblem[]): RegistryProblem | undefined => {
	const [first] = problems;
	if (first === undefined) return undefined;
	const message = problems.map((problem) => problem.message).join("; ");
	return { ...first, message, terminal: problems.every(({ terminal }) => terminal) };
};
