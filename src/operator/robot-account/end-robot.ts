import { hasFinalizer, removeFinalizer } from "#/kube/finalizers.ts";
import type { ReconcileResult } from "#/kube/reconciler.ts";
import { FINALIZER } from "#/operator/finalizer.ts";
import { isReported, reportVerdict } from "#/operator/report-verdict.ts";
import { whyItStays } from "#/operator/tenancy/find-binding.ts";
import { attachAccounts, detachAccounts } from "./attach-accounts.ts";
import { secretNameOf } from "./judge-robot.ts";
import { finalizing, type LookedRobot, type RobotDeps, reporting } from "./robot-deps.ts";
import { copyNamespaces } from "./share-credential.ts";
import { removeCopies, removeCopiesFrom } from "./spread-copies.ts";

/** How soon is looked again for what the watch of the data plane should tell, milliseconds. */
const WAIT_MS = 15_000;

/** Undoes what was done for a robot that is being deleted. Its own Secrets go with it, by their owner reference. */
export const endRobot = async (
	deps: RobotDeps,
	{ object, robot, binding }: LookedRobot,
	signal: AbortSignal,
): Promise<ReconcileResult> => {
	if (!hasFinalizer(object, FINALIZER)) return {};
	const { metadata, spec, status } = robot;
	const { link, gone } = binding;
	if (!gone && link?.drop(metadata.uid) !== true) {
		if (binding.unseen && isReported(object)) return { againMs: WAIT_MS };
		const message = whyItStays(binding) ?? "waiting until the registry no longer knows it";
		const verdict = { is: "Working", reason: "Deleting", message } as const;
		const { observedGeneration: _, conditions: __, lastHandledRequestedAt: ___, ...fields } = status;
		await reportVerdict(reporting(deps), object, { verdict, fields }, signal);
		return { againMs: WAIT_MS };
	}
	await takeBack(deps, { uid: metadata.uid, namespace: metadata.namespace, name: metadata.name }, signal);
	const name = secretNameOf(robot);
	const namespaces = copyNamespaces(deps.namespaces, robot);
	const { serviceAccounts } = spec.secret.attachTo;
	const everywhere = { robot: metadata, name, namespaces: [metadata.namespace, ...namespaces], serviceAccounts };
	await detachAccounts(deps, everywhere, signal);
	await removeCopiesFrom(deps, metadata, { name, namespaces }, signal);
	deps.ledgerVersions.delete(metadata.uid);
	await removeFinalizer(finalizing(deps, object), signal);
	return {};
};

/** What the caches know of. */
const takeBack = async (
	deps: RobotDeps,
	robot: { readonly uid: string; readonly namespace: string; readonly name: string },
	signal: AbortSignal,
): Promise<void> => {
	await attachAccounts(deps, { robot, name: "", namespaces: [], serviceAccounts: [] }, signal);
	await removeCopies(deps, robot, { name: "", namespaces: [] }, signal);
};
