import { durationMs } from "#/api/fields/durations.ts";
import { quantityBytes } from "#/api/fields/quantities.ts";
import { type Project, projectNameOf } from "#/api/kinds/project.ts";
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
 * @param present what the data plane has of it
 */
export const wishOf = (project: Project, binding: Binding, present: Standing | undefined): Wish | undefined => {
	if (project.spec.suspend) return undefined;
	if (binding.allowed) return binding.obstacle === undefined ? toWish(project) : undefined;
	if (present === undefined) return undefined;
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
	const trouble = link === undefined ? undefined : judgeStanding(standing, link);
	if (trouble !== undefined) return trouble;
	const at = projectUrl(project, registry?.status.url) ?? projectNameOf(project);
	return { is: "Ready", reason: "Succeeded", message: `images go to ${at}` };
};

/** What names of images in a project begin with; absent while its Registry has no address. */
export const projectUrl = (project: Project, registryUrl: string | undefined): string | undefined =>
	registryUrl === undefined || !URL.canParse(registryUrl)
		? undefined
		: `${new URL(registryUrl).host}/${projectNameOf(project)}`;

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
			undoWindow: durationMs(spec.tagHistory.window),
			...(storage === undefined ? {} : { quotaBytes: quantityBytes(storage) }),
		},
	};
};
