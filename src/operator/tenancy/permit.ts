import type { RobotAccountSpec } from "#/api/kinds/robot-account.ts";
import { compileGlob } from "#/lib/glob.ts";

/** A Project resource, as far as it matters who may name it. */
export interface NamedProject {
	readonly namespace: string;
	/** Its name in the Registry. */
	readonly projectName: string;
	/** Namespaces whose robots may name it, beside its own. */
	readonly delegateTo: readonly string[];
	/**
	 * Whether the data plane says that this very resource has the name. One that only wants a name which is another's
	 * gives nobody anything.
	 */
	readonly held: boolean;
}

type Action = RobotAccountSpec["permissions"][number]["actions"][number];

/** What a robot may do, as it crosses Control; with a glob for a project, what it asks for. */
export interface RobotGrant {
	readonly project: string;
	readonly repositories?: readonly string[];
	readonly actions: readonly Action[];
}

/** A name that a robot's permissions give and that is not granted. */
export interface Refusal {
	readonly reason: "NotAllowed" | "DependencyNotReady";
	readonly message: string;
}

/** What comes of a robot's permissions. */
export interface Permit {
	/** Sorted, each once: the same for the same permissions and projects. */
	readonly grants: readonly RobotGrant[];
	readonly refusals: readonly Refusal[];
}

/** Whose permissions they are. */
export interface Applicant {
	readonly namespace: string;
	/** Of the Registry. */
	readonly registryNamespace: string;
	readonly permissions: readonly RobotGrant[];
}

/** What one robot may have at the data plane. */
const MAX_GRANTS = 1_000;

/**
 * The permissions of a robot as far as they are its to give. The namespace is the authority: a robot reaches the
 * Projects of its own namespace and those delegated to it, and a pattern is looked at after that, so that it becomes
 * the names that it finds now; a Project that comes later is found when it comes. From the Registry's own namespace
 * names and patterns reach every project, those to come included.
 *
 * A name that does not exist is refused with the same words as one that belongs to somebody else.
 *
 * @param projects those of the Registry; which of them count is decided here
 */
export const permit = (applicant: Applicant, projects: Iterable<NamedProject>): Permit => {
	const { namespace, registryNamespace, permissions } = applicant;
	if (namespace === registryNamespace)
		return bounded(
			permissions.map((one) => ({ ...one })),
			[],
		);
	const reachable = [...projects].filter((one) => one.namespace === namespace || one.delegateTo.includes(namespace));
	const grants: RobotGrant[] = [];
	const refusals: Refusal[] = [];
	for (const permission of permissions) {
		const { project } = permission;
		const found = reachable.filter(matcherOf(project));
		const names = new Set(found.filter(({ held }) => held).map(({ projectName }) => projectName));
		for (const name of names) grants.push({ ...permission, project: name });
		if (names.size === 0 && !isPattern(project)) refusals.push(refusalOf(project, namespace, found.length > 0));
	}
	return bounded(grants, refusals);
};

/** Whether a permission concerns projects of that name; not whether it may. */
export const concerns = (permission: Pick<RobotGrant, "project">, projectName: string): boolean =>
	matcherOf(permission.project)({ projectName });

/** Whether what a permission names may be several projects. */
export const isPattern = (project: string): boolean => /[*?]/.test(project);

const matcherOf = (project: string): ((candidate: Pick<NamedProject, "projectName">) => boolean) => {
	const matches = compileGlob(project);
	return ({ projectName }) => matches(projectName);
};

const refusalOf = (project: string, namespace: string, exists: boolean): Refusal =>
	exists
		? { reason: "DependencyNotReady", message: `the Project that is to have the name ${project} is not ready` }
		: {
				reason: "NotAllowed",
				message: `no Project of namespace ${namespace}, and none delegated to it, has the name ${project}`,
			};

const bounded = (grants: readonly RobotGrant[], refusals: readonly Refusal[]): Permit => {
	const byText = new Map(grants.map((grant) => [textOf(grant), grant]));
	const sorted = [...byText].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, grant]) => grant);
	if (sorted.length <= MAX_GRANTS) return { grants: sorted, refusals };
	const message = `the permissions reach ${sorted.length} projects, at most ${MAX_GRANTS} can be granted one by one`;
	return { grants: sorted.slice(0, MAX_GRANTS), refusals: [{ reason: "NotAllowed", message }, ...refusals] };
};

const textOf = ({ project, repositories, actions }: RobotGrant): string =>
	JSON.stringify([project, repositories ?? null, actions]);
