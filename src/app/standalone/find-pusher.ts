import { type Project, projectNameOf } from "#/api/kinds/project.ts";
import type { RobotAccount } from "#/api/kinds/robot-account.ts";
import { splitKey } from "#/kube/kube-object.ts";
import { compileGlob } from "#/lib/glob.ts";
import { registryKeyOf } from "#/operator/tenancy/find-binding.ts";
import { concerns, permit } from "#/operator/tenancy/permit.ts";

/** A robot, and a project of its Registry that it may push a repository to. */
export interface Pusher {
	readonly robot: RobotAccount;
	readonly project: Project;
}

/**
 * The first of these robots that may push that repository to one of these projects, with the first such project;
 * undefined when there is none. A robot counts when its Secret is there, in the form that docker takes.
 *
 * @param repository its name below the project
 */
export const findPusher = (
	robots: readonly RobotAccount[],
	projects: readonly Project[],
	repository: string,
): Pusher | undefined => {
	for (const robot of robots) {
		if (robot.status.secretRef === undefined || robot.spec.secret.type !== "DockerConfigJson") continue;
		const project = projects.find((one) => mayPush(robot, one, repository));
		if (project !== undefined) return { robot, project };
	}
	return undefined;
};

const mayPush = (robot: RobotAccount, project: Project, repository: string): boolean => {
	const registry = registryKeyOf(robot);
	if (registry !== registryKeyOf(project)) return false;
	const { namespace } = robot.metadata;
	const { namespace: registryNamespace = "" } = splitKey(registry);
	const name = projectNameOf(project);
	const held = {
		namespace: project.metadata.namespace,
		projectName: name,
		delegateTo: project.spec.delegateTo.namespaces,
		held: true,
	};
	const { grants } = permit({ namespace, registryNamespace, permissions: robot.spec.permissions }, [held]);
	return grants.some(
		(grant) =>
			concerns(grant, name) &&
			grant.actions.includes("push") &&
			(grant.repositories?.some((pattern) => compileGlob(pattern)(repository)) ?? true),
	);
};
