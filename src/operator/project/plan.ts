import { durationMs } from "#/api/fields/durations.ts";
import { quantityBytes } from "#/api/fields/quantities.ts";
import { type Project, projectNameOf } from "#/api/kinds/project.ts";
import { type MoveReport, moveReport } from "#/api/move-report.ts";
import type { Finding } from "#/kube/status/summarize.ts";
import type { Standing } from "#/operator/plane/observations.ts";
import type { Wish } from "#/operator/plane/plane-link.ts";
import type { Binding } from "#/operator/tenancy/find-binding.ts";
import { judgeStanding, type StandingReason, type Verdict } from "#/operator/verdict.ts";

/** How a Project stands. */
export type ProjectVerdict = Verdict<StandingReason | "Succeeded" | "NotAllowed" | "Suspended">;

/**
 * What a Project asks of its registry; absent when it asks for nothing now. One whose namespace the Registry does not
 * allow any more is shut, so that nobody gets in by it, and keeps what it holds; it opens again with the consent.
 *
 * @param isThere whether the registry has it, or may come to have it by what it was asked before
 */
export const wishOf = (project: Project, binding: Binding, isThere: boolean): Wish | undefined => {
	if (project.spec.suspend) return undefined;
	if (binding.allowed) {
		return binding.obstacle === undefined && whyNoStorage(project, binding) === undefined ? toWish(project) : undefined;
	}
	if (!isThere) return undefined;
	return toWish({ ...project, spec: { ...project.spec, visibility: "Private", members: [] } });
};

/** Judges a Project that is not being deleted. @param standing what the data plane says of its wish */
export const judgeProject = (project: Project, binding: Binding, standing: Standing | undefined): ProjectVerdict => {
	const { link, obstacle, registry } = binding;
	if (project.spec.suspend) {
		const message = "spec.suspend is true: the project is left as it is, and changes wait";
		return { is: "Resting", reason: "Suspended", message };
	}
	if (obstacle !== undefined) {
		return { is: obstacle.reason === "NotAllowed" ? "Stalled" : "Working", ...obstacle };
	}
	const noStorage = whyNoStorage(project, binding);
	if (noStorage !== undefined) return { is: "Stalled", reason: "InvalidSpec", message: noStorage };
	const trouble = link === undefined ? undefined : judgeStanding(standing, link);
	if (trouble !== undefined) return trouble;
	const at = projectUrl(project, registry?.status.url) ?? projectNameOf(project);
	return { is: "Ready", reason: "Succeeded", message: `images go to ${at}` };
};

/**
 * Whether all that a Project has is where it is to be; absent while nothing is known of it.
 *
 * @param away its storage class, when that does not answer
 */
export const judgePlace = (
	standing: Standing | undefined,
	move: MoveReport | undefined,
	away?: string,
): Finding | undefined => {
	if (standing?.ready !== true) return undefined;
	if (move === undefined && away !== undefined) {
		const message = `the storage class ${away} does not answer: what needs it is refused until it does`;
		return { type: "StoragePlaced", status: "False", reason: "StorageUnavailable", message };
	}
	if (move === undefined) {
		return {
			type: "StoragePlaced",
			status: "True",
			reason: "Succeeded",
			message: "its blobs are where they are to be",
		};
	}
	const { to, moved, repositories, message: why } = move;
	const far = `${moved} of ${repositories} repositories are in the storage class ${to}`;
	return why === undefined
		? { type: "StoragePlaced", status: "False", reason: "Moving", message: far }
		: { type: "StoragePlaced", status: "False", reason: "StorageUnavailable", message: `${far}: ${why}` };
};

/** How far a project is on its way, by its data plane; absent: it is on none. */
export const moveOf = (standing: Standing | undefined): MoveReport | undefined => {
	const parsed = moveReport.safeParse(standing?.report ?? {});
	return parsed.success ? parsed.data.move : undefined;
};

/** The storage class of a Project when it does not answer, as its Registry says; absent: it does, or nobody knows. */
export const awayClassOf = ({ spec }: Project, { registry }: Pick<Binding, "registry">): string | undefined => {
	const wanted = spec.storageClassName ?? "default";
	return registry?.status.storageClasses?.find(({ name, available }) => name === wanted && !available)?.name;
};

/** What names of images in a project begin with; absent while its Registry has no address. */
export const projectUrl = (project: Project, registryUrl: string | undefined): string | undefined =>
	registryUrl === undefined || !URL.canParse(registryUrl)
		? undefined
		: `${new URL(registryUrl).host}/${projectNameOf(project)}`;

/** How the status of a Registry calls what Projects use that name no class. */
const OWN_STORAGE = "default";

/** Why the storage class of a Project cannot be had; absent: it can, or it names none. */
const whyNoStorage = ({ metadata, spec }: Project, { registry }: Binding): string | undefined => {
	const { storageClassName: wanted } = spec;
	if (wanted === undefined || registry === undefined) return undefined;
	const { namespace, name } = registry.metadata;
	// Of those for others nothing is said.
	const mayUse = registry.spec.storageClasses.filter(
		({ namespaces }) => namespaces === undefined || namespaces.includes(metadata.namespace),
	);
	if (mayUse.some((one) => one.name === wanted)) return undefined;
	const names = mayUse.map((one) => one.name);
	const there = names.length === 0 ? "it has none for this namespace" : `there is ${names.join(", ")}`;
	const own = wanted === OWN_STORAGE ? ". Leave the field out for the Registry's own storage" : "";
	return `spec.storageClassName: Registry ${namespace}/${name} has no storage class ${wanted}: ${there}${own}`;
};

const toWish = (project: Project): Wish => {
	const { metadata, spec } = project;
	const { storage } = spec.quota;
	return {
		kind: "Project",
		uid: metadata.uid,
		spec: {
			name: projectNameOf(project),
			owner: `${metadata.namespace}/${metadata.name}`,
			visibility: spec.visibility,
			sparseIndexes: spec.sparseIndexes,
			members: spec.members,
			immutability: spec.immutability,
			undoWindow: durationMs(spec.tagHistory.window),
			...(spec.storageClassName === undefined ? {} : { store: spec.storageClassName }),
			...(storage === undefined ? {} : { quotaBytes: quantityBytes(storage) }),
		},
	};
};
