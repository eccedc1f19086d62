import type { KubeClient } from "#/kube/kube-client.ts";
import type { KubeObject, OwnerReference } from "#/kube/kube-object.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { type CredentialContent, credentialSecret } from "./credential-secret.ts";
import { type Ledger, ledgerSecret } from "./ledger.ts";
import type { Step } from "./next-step.ts";
import type { RobotSecrets } from "./robot-secrets.ts";

/** Who writes, in `managedFields`. */
export const FIELD_MANAGER = "limani-robotaccount";

/** What {@link takeStep} works with. */
export interface StepDeps {
	readonly client: Pick<KubeClient, "create" | "replace" | "apply" | "delete">;
	/** 256 random bits as base64url, never the same twice. */
	readonly newSecret: () => string;
}

/** The robot whose step it is. */
export interface StepSubject extends Omit<CredentialContent, "secret"> {
	readonly owner: OwnerReference;
	/** Name of the Secret that the robot's owner reads. */
	readonly name: string;
}

/** A step that has an effect. */
export type Effect = Extract<Step, { do: "mint" | "record" | "place" | "remove" | "clear" }>;

/**
 * Does one step, on Secrets as they were just read, and says how they are now. What changed meanwhile is not overwritten.
 *
 * @throws KubeError CONFLICT, EXISTS when something changed meanwhile
 */
export const takeStep = async (
	deps: StepDeps,
	subject: StepSubject,
	{ step, seen }: { readonly step: Effect; readonly seen: RobotSecrets },
	signal: AbortSignal,
): Promise<RobotSecrets> => {
	switch (step.do) {
		case "mint":
		case "record": {
			const ledger = step.do === "mint" ? { ...step.ledger, next: deps.newSecret() } : step.ledger;
			return { ...seen, ledger: await writeLedger(deps, subject, { ledger, present: seen.ledger }, signal) };
		}
		case "place": {
			const wanted = credentialSecret({ ...subject, secret: step.secret }, placeOf(subject));
			return { ...seen, credential: await writeCredential(deps.client, wanted, seen.credential, signal) };
		}
		case "remove":
			await remove(deps, seen.credential, signal);
			return { ...seen, credential: undefined };
		case "clear": {
			const isCleared = ({ metadata }: KubeObject) => metadata.name === step.stray;
			await remove(deps, seen.strays.find(isCleared), signal);
			return { ...seen, strays: seen.strays.filter((one) => !isCleared(one)) };
		}
	}
};

/** Where the Secret that the robot's owner reads is. */
export const placeOf = ({ robot, name, owner }: StepSubject) => ({ namespace: robot.namespace, name, owner });

/**
 * Writes a Secret with a credential. One that is there already must be ours: it is named by its uid, so that nothing that
 * took its place meanwhile is touched.
 */
export const writeCredential = async (
	client: Pick<KubeClient, "create" | "apply">,
	wanted: KubeObject,
	present: KubeObject | undefined,
	signal: AbortSignal,
): Promise<KubeObject> => {
	if (present === undefined) return await client.create(SECRETS, wanted, { fieldManager: FIELD_MANAGER }, signal);
	const { uid = "" } = present.metadata;
	const applied = { ...wanted, metadata: { ...wanted.metadata, uid } };
	return await client.apply(SECRETS, applied, { fieldManager: FIELD_MANAGER, force: true }, signal);
};

const writeLedger = async (
	{ client }: StepDeps,
	{ robot, owner }: StepSubject,
	{ ledger, present }: { readonly ledger: Ledger; readonly present: KubeObject | undefined },
	signal: AbortSignal,
): Promise<KubeObject> => {
	const wanted = ledgerSecret(robot, owner, ledger);
	if (present === undefined) return await client.create(SECRETS, wanted, { fieldManager: FIELD_MANAGER }, signal);
	const { uid = "", resourceVersion = "" } = present.metadata;
	const replaced = { ...wanted, metadata: { ...wanted.metadata, uid, resourceVersion } };
	return await client.replace(SECRETS, replaced, { fieldManager: FIELD_MANAGER }, signal);
};

const remove = async ({ client }: StepDeps, object: KubeObject | undefined, signal: AbortSignal): Promise<void> => {
	if (object === undefined) return;
	const { namespace, name, uid } = object.metadata;
	await client.delete(SECRETS, { namespace, name }, { uid }, signal);
};
