/** Project: claims its name in the registry, tells it who may do what, and writes down what it holds. */
import { type Project, type ProjectStatus, parseProject, projectNameOf } from "#/api/kinds/project.ts";
import { addFinalizer, hasFinalizer, removeFinalizer } from "#/kube/finalizers.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { Reconcile, ReconcileResult } from "#/kube/reconciler.ts";
import { roundUsage } from "#/kube/status/round-usage.ts";
import type { VolatileStatus } from "#/kube/status/volatile-status.ts";
import { isRequested } from "#/operator/annotations.ts";
import { FINALIZER } from "#/operator/finalizer.ts";
import type { Standing } from "#/operator/plane/observations.ts";
import { isReported, type ReportDeps, reportVerdict } from "#/operator/report-verdict.ts";
import { stillOf } from "#/operator/tell-refusals.ts";
import { type Binding, type BindingDeps, findBinding, whyItStays } from "#/operator/tenancy/find-binding.ts";
import { awayClassOf, judgePlace, judgeProject, moveOf, projectUrl, wishOf } from "./plan.ts";

/** What the Project controller works with. */
export interface ProjectDeps extends Omit<ReportDeps, "fieldManager">, BindingDeps {
	readonly projects: ObjectStore;
	readonly volatileStatus: VolatileStatus;
}

/** Who writes, in `managedFields`. */
const FIELD_MANAGER = "limani-project";

/** How soon is looked again for what the watch of the data plane should tell, milliseconds. */
const WAIT_MS = 15_000;

/** How long the registry may take to answer before the status says that it is waited for, milliseconds. */
const PATIENCE_MS = 2_000;

/** Makes one Project so. */
export const createProjectReconcile =
	(deps: ProjectDeps): Reconcile =>
	async (key, signal) => {
		const object = deps.projects.get(key);
		if (object === undefined) return {};
		const parsed = parseProject(object);
		if ("invalid" in parsed) return await refuse(deps, object, parsed.invalid, signal);
		const project = parsed.resource;
		const binding = findBinding(deps, project);
		if (object.metadata.deletionTimestamp !== undefined) return await end(deps, { object, project, binding }, signal);
		return await keep(deps, { object, project, binding }, signal);
	};

interface Looked {
	readonly object: KubeObject;
	readonly project: Project;
	readonly binding: Binding;
}

const keep = async (
	deps: ProjectDeps,
	{ object, project, binding }: Looked,
	signal: AbortSignal,
): Promise<ReconcileResult> => {
	const { link } = binding;
	// Not even for a moment does a wish come to pass that its namespace may not have any more.
	const isThere = !binding.allowed && link?.withdraw(project.metadata.uid) === true;
	const wish = wishOf(project, binding, isThere);
	const isNew = !hasFinalizer(object, FINALIZER);
	let standing: Standing | undefined;
	if (wish !== undefined && link !== undefined) {
		if ((await addFinalizer(finalizing(deps, object), signal)) === undefined) return {};
		standing = link.want(wish);
	}
	if (binding.unseen && isReported(object)) return { againMs: WAIT_MS };
	const verdict = judgeProject(project, binding, standing);
	// The registry was asked this moment; a status that says so would be overtaken by its answer.
	if (isNew && verdict.reason === "Progressing") return { againMs: PATIENCE_MS };
	const usage = await takeUsage(deps, { object, project, binding }, standing, signal);
	const url = projectUrl(project, binding.registry?.status.url);
	const isHeld = standing === undefined ? project.status.projectName !== undefined : standing.reason !== "NameTaken";
	const fields = {
		...(isHeld && binding.allowed
			? { projectName: projectNameOf(project), ...(url === undefined ? {} : { url }) }
			: {}),
		...(usage.value === undefined ? {} : { usage: usage.value }),
		...moveFields(standing),
	};
	const place = judgePlace(standing, moveOf(standing), awayClassOf(project, binding));
	const report = { verdict, fields, ...(place === undefined ? {} : { asides: [place] }) };
	await reportVerdict({ ...deps, fieldManager: FIELD_MANAGER }, object, report, signal);
	const againMs = verdict.is === "Working" ? WAIT_MS : usage.againMs;
	return againMs === undefined ? {} : { againMs };
};

const moveFields = (standing: Standing | undefined): Pick<ProjectStatus, "move"> => {
	const move = moveOf(standing);
	if (move === undefined) return {};
	const { message: _, ...progress } = move;
	return { move: progress };
};

const end = async (
	deps: ProjectDeps,
	{ object, project, binding }: Looked,
	signal: AbortSignal,
): Promise<ReconcileResult> => {
	if (!hasFinalizer(object, FINALIZER)) return {};
	const { uid } = project.metadata;
	const { link, gone } = binding;
	const part = () => (project.spec.deletionPolicy === "Delete" ? link?.drop(uid) : link?.release(uid));
	if (gone || part() === true) {
		await removeFinalizer(finalizing(deps, object), signal);
		return {};
	}
	if (binding.unseen && isReported(object)) return { againMs: WAIT_MS };
	const message = whyItStays(binding) ?? "waiting until the registry has let go of it";
	const verdict = { is: "Working", reason: "Deleting", message } as const;
	const { projectName, url, usage } = project.status;
	await reportVerdict(
		{ ...deps, fieldManager: FIELD_MANAGER },
		object,
		{ verdict, fields: { projectName, url, usage } },
		signal,
	);
	return { againMs: WAIT_MS };
};

const refuse = async (
	deps: ProjectDeps,
	object: KubeObject,
	message: string,
	signal: AbortSignal,
): Promise<ReconcileResult> => {
	const verdict = { is: "Stalled", reason: "InvalidSpec", message } as const;
	await reportVerdict(
		{ ...deps, fieldManager: FIELD_MANAGER },
		object,
		{ verdict, fields: stillOf(object).fields },
		signal,
	);
	return {};
};

/** What the status says of usage stays while it cannot be read, and for a while unless somebody asks for a look. */
const takeUsage = async (
	{ volatileStatus }: ProjectDeps,
	{ object, project: { metadata, status }, binding: { link } }: Looked,
	standing: Standing | undefined,
	signal: AbortSignal,
): Promise<{ readonly value: Project["status"]["usage"]; readonly againMs?: number | undefined }> => {
	const { uid } = metadata;
	const isAsked = isRequested(object);
	const finding = link?.synced === true ? link.usage.find(uid, signal, isAsked ? 0 : undefined) : undefined;
	const found = await finding?.catch(() => "unknown" as const);
	signal.throwIfAborted();
	if (found === undefined || found === "unknown") {
		// What is there by now was not when all were asked the last time.
		const isNew = finding !== undefined && found === undefined && standing?.ready === true;
		return { value: status.usage, againMs: isNew ? NEW_USAGE_MS : link === undefined ? undefined : USAGE_MS };
	}
	const wanted = {
		bytes: roundUsage(found.blobBytes + found.manifestBytes),
		artifacts: roundUsage(found.manifests),
		repositories: roundUsage(found.repositories),
	};
	const { value, againMs } = volatileStatus.choose(uid, isAsked ? undefined : status.usage, wanted);
	return { value, againMs: againMs ?? USAGE_MS };
};

/** How often is looked for what a project uses, milliseconds. */
const USAGE_MS = 300_000;
/** How soon for what a new one does, milliseconds. */
const NEW_USAGE_MS = 11_000;

const finalizing = ({ client, type }: ProjectDeps, object: KubeObject) => ({
	client,
	type,
	object,
	finalizer: FINALIZER,
	fieldManager: FIELD_MANAGER,
});
