import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { ownershipOf } from "#/kube/ownership.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { OWNER_LABEL } from "#/operator/owner-label.ts";
import { type CredentialContent, credentialSecret, hasTypeOf, isAsWanted } from "./credential-secret.ts";
import { BY_OWNER } from "./robot-secrets.ts";
import type { RobotIdentity } from "./secret-entries.ts";
import { writeCredential } from "./take-step.ts";

/** What copies are made with. */
export interface CopyDeps {
	readonly client: KubeClient;
	/** Secrets of ours. */
	readonly secrets: ObjectStore;
}

/** Which copies there are to be. */
export interface CopyOrder {
	readonly content: CredentialContent;
	/** Of the Secret, and so of its copies. */
	readonly name: string;
	/** Those that get one: each of them accepts it. */
	readonly namespaces: readonly string[];
}

/** Why something could not be had, for a condition. */
export interface Obstacle {
	readonly reason: "NotOurs" | "NotAllowed" | "DependencyNotReady";
	readonly message: string;
}

/**
 * Writes the copies that are missing or not as they should be. What somebody else has under the name is left alone.
 *
 * @returns the namespaces that have their copy, and why the others have none
 */
export const writeCopies = async (
	deps: CopyDeps,
	order: CopyOrder,
	signal: AbortSignal,
): Promise<{ readonly made: readonly string[]; readonly obstacles: readonly Obstacle[] }> => {
	const made: string[] = [];
	const obstacles: Obstacle[] = [];
	for (const namespace of order.namespaces) {
		const obstacle = await writeCopy(deps, order, namespace, signal);
		if (obstacle === undefined) made.push(namespace);
		else obstacles.push(obstacle);
	}
	return { made, obstacles };
};

/**
 * Deletes the copies of a robot's Secret that are no longer to be.
 *
 * @param keep the namespaces whose copy under that name stays
 */
export const removeCopies = async (
	{ client, secrets }: CopyDeps,
	robot: RobotIdentity,
	keep: { readonly name: string; readonly namespaces: readonly string[] },
	signal: AbortSignal,
): Promise<void> => {
	for (const copy of secrets.by(BY_OWNER, robot.uid)) {
		const { namespace = "", name } = copy.metadata;
		const stays = name === keep.name && keep.namespaces.includes(namespace);
		if (namespace !== robot.namespace && !stays) await removeCopy(client, robot, copy, signal);
	}
};

/** Deletes the copies in these namespaces as the API server has them, also those that no cache knows of yet. */
export const removeCopiesFrom = async (
	{ client }: Pick<CopyDeps, "client">,
	robot: RobotIdentity,
	from: { readonly name: string; readonly namespaces: readonly string[] },
	signal: AbortSignal,
): Promise<void> => {
	for (const namespace of from.namespaces) {
		const copy = await client.find(SECRETS, { namespace, name: from.name }, signal);
		if (copy !== undefined) await removeCopy(client, robot, copy, signal);
	}
};

const writeCopy = async (
	{ client, secrets }: CopyDeps,
	{ content, name }: CopyOrder,
	namespace: string,
	signal: AbortSignal,
): Promise<Obstacle | undefined> => {
	const mark = { label: OWNER_LABEL, uid: content.robot.uid };
	const wanted = credentialSecret(content, { namespace, name });
	const cached = secrets.get(keyOf({ namespace, name }));
	if (cached !== undefined && ownershipOf(cached, mark) === "ours" && isAsWanted(cached, wanted)) return undefined;
	try {
		let present = await client.find(SECRETS, { namespace, name }, signal);
		if (ownershipOf(present, mark) === "foreign") {
			return { reason: "NotOurs", message: `Secret ${namespace}/${name} belongs to somebody else` };
		}
		if (present !== undefined && !hasTypeOf(present, wanted)) {
			await removeCopy(client, content.robot, present, signal);
			present = undefined;
		}
		if (present === undefined || !isAsWanted(present, wanted)) await writeCredential(client, wanted, present, signal);
		return undefined;
	} catch (error) {
		if (!(error instanceof KubeError) || error.code !== "FORBIDDEN") throw error;
		return { reason: "NotAllowed", message: `the operator may not write Secret ${namespace}/${name}` };
	}
};

const removeCopy = async (
	client: Pick<KubeClient, "delete">,
	{ uid: owner }: RobotIdentity,
	copy: KubeObject,
	signal: AbortSignal,
): Promise<void> => {
	if (ownershipOf(copy, { label: OWNER_LABEL, uid: owner }) !== "ours") return;
	const { namespace, name, uid } = copy.metadata;
	try {
		await client.delete(SECRETS, { namespace, name }, { uid }, signal);
	} catch (error) {
		// Another one has taken its place; that is not the robot's.
		if (!(error instanceof KubeError) || error.code !== "CONFLICT") throw error;
	}
};
