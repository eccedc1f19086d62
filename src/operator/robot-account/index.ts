/** RobotAccount: a machine's identity in a registry, its credential, and who gets it. */
import { isDeepStrictEqual } from "node:util";
import { instantMs } from "#/api/fields/instants.ts";
import { parseRobotAccount } from "#/api/kinds/robot-account.ts";
import { addFinalizer } from "#/kube/finalizers.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { Reconcile, ReconcileResult } from "#/kube/reconciler.ts";
import { stripObject } from "#/kube/strip-object.ts";
import { isReported, reportVerdict } from "#/operator/report-verdict.ts";
import { stillOf, tellingRefusals } from "#/operator/tell-refusals.ts";
import { findBinding } from "#/operator/tenancy/find-binding.ts";
import { judgeStanding } from "#/operator/verdict.ts";
import { dropCredential } from "./drop-credential.ts";
import { endRobot } from "./end-robot.ts";
import { findGrants } from "./find-grants.ts";
import { credentialFields, judgeRobot, nextChangeMs, type RobotVerdict, secretNameOf } from "./judge-robot.ts";
import { readLedger } from "./ledger.ts";
import type { MintReason } from "./next-step.ts";
import { permitTrust } from "./permit-trust.ts";
import { finalizing, type LookedRobot, orderOf, type RobotDeps, reporting } from "./robot-deps.ts";
import { cachedSecrets } from "./robot-secrets.ts";
import { robotWish } from "./robot-wish.ts";
import { settleCredential } from "./settle-credential.ts";
import { copyNamespaces, shareCredential } from "./share-credential.ts";
import { removeCopies } from "./spread-copies.ts";

/** How soon is looked again for what nobody may tell of, milliseconds. */
const WAIT_MS = 15_000;

/** How long the registry may take to answer before the status says that it is waited for, milliseconds. */
const PATIENCE_MS = 2_000;

/** Makes one RobotAccount so. */
export const createRobotAccountReconcile = (deps: RobotDeps): Reconcile =>
	tellingRefusals(
		reporting(deps),
		(key) => deps.robotAccounts.get(key),
		async (key, signal) => {
			const object = deps.robotAccounts.get(key);
			if (object === undefined) return {};
			const parsed = parseRobotAccount(object);
			if ("invalid" in parsed) {
				const verdict = { is: "Stalled", reason: "InvalidSpec", message: parsed.invalid } as const;
				await reportVerdict(reporting(deps), object, { verdict, fields: stillOf(object).fields }, signal);
				return {};
			}
			const robot = parsed.resource;
			const looked = { object, robot, binding: findBinding(deps, robot) };
			if (object.metadata.deletionTimestamp !== undefined) return await endRobot(deps, looked, signal);
			if (looked.binding.unseen && isReported(object)) return { againMs: WAIT_MS };
			const rest = restOf(looked, deps.now());
			return rest === undefined ? await keep(deps, looked, signal) : await letRest(deps, looked, rest, signal);
		},
	);

/** Why a robot is not to be used now; absent when it is. */
const restOf = ({ robot, binding }: LookedRobot, now: number): RobotVerdict | undefined => {
	const { suspend, expirationTime } = robot.spec;
	if (suspend) {
		return { is: "Resting", reason: "Suspended", message: "spec.suspend is true: the robot may not be used" };
	}
	if (!binding.allowed && binding.obstacle !== undefined) return { is: "Stalled", ...binding.obstacle };
	if (expirationTime !== undefined && instantMs(expirationTime) <= now) {
		return { is: "Stalled", reason: "Expired", message: `it ceased to work at ${expirationTime}` };
	}
	return undefined;
};

/** Takes the robot's rights away and leaves its credential as it is, so that it can have them back. */
const letRest = async (
	deps: RobotDeps,
	{ object, robot, binding }: LookedRobot,
	verdict: RobotVerdict,
	signal: AbortSignal,
): Promise<ReconcileResult> => {
	const { uid } = robot.metadata;
	const { link } = binding;
	const seen = cachedSecrets(deps.secrets, robot.metadata, secretNameOf(robot));
	const ledger = readLedger(seen.ledger);
	const isThere = link?.withdraw(uid) === true;
	const terms = { robot, ledger, grants: [], trust: [], enabled: false, expired: verdict.reason === "Expired" };
	const standing = isThere ? link.want(robotWish({ ...terms, verifierOf: verifierFor(deps, uid) })) : undefined;
	const trouble = isThere ? judgeStanding(standing, link) : undefined;
	const said = trouble?.is === "Working" ? trouble : verdict;
	// A namespace that no longer accepts a copy does not wait for the robot.
	const namespaces = copyNamespaces(deps.namespaces, robot);
	await removeCopies(deps, robot.metadata, { name: secretNameOf(robot), namespaces }, signal);
	const { secretRef, copies = 0 } = robot.status;
	const fields = credentialFields(robot, ledger, { secret: secretRef !== undefined, copies });
	await reportVerdict(reporting(deps), object, { verdict: said, fields }, signal);
	return said.is === "Working" ? { againMs: WAIT_MS } : againAt(nextChangeMs(robot, ledger, deps.now()));
};

const keep = async (deps: RobotDeps, looked: LookedRobot, signal: AbortSignal): Promise<ReconcileResult> => {
	const { object, robot, binding } = looked;
	const { registry, link, obstacle } = binding;
	const host = hostOf(registry?.status.url);
	if (registry === undefined || link === undefined || host === undefined) {
		const message = obstacle?.message ?? "the Registry has no address yet";
		const verdict = { is: "Working", reason: "DependencyNotReady", message } as const;
		const { observedGeneration: _, conditions: __, lastHandledRequestedAt: ___, ...fields } = robot.status;
		await reportVerdict(reporting(deps), object, { verdict, fields }, signal);
		return { againMs: WAIT_MS };
	}
	const kept = await addFinalizer(finalizing(deps, object), signal);
	if (kept === undefined) return {};
	const { grants, refusals } = findGrants(deps, robot, { registry, link });
	const permitted = permitTrust(deps, robot, { registry, host });
	const { trust } = permitted;
	const terms = {
		robot,
		grants,
		trust,
		enabled: true,
		expired: false,
		verifierOf: verifierFor(deps, robot.metadata.uid),
	};
	let isUnderWay = false;
	const order = {
		...orderOf(looked, host),
		want: (ledger: Parameters<typeof robotWish>[0]["ledger"]) => link.want(robotWish({ ...terms, ledger })),
		minted: (why: MintReason) => {
			isUnderWay = true;
			announce(deps, object, why);
		},
	};
	const settle = robot.spec.secret.type === "None" ? dropCredential : settleCredential;
	const settled = await settle(deps, order, signal);
	const shared = await shareCredential(deps, { looked, order, secret: settled.secret }, signal);
	const verdict = judgeRobot(robot, {
		conflict: settled.at === "conflict",
		trouble: judgeStanding(settled.standing, link),
		refusals: [...refusals, ...permitted.refusals],
		obstacles: shared.obstacles,
	});
	const has = { secret: settled.secret !== undefined, copies: shared.copies };
	const fields = credentialFields(robot, settled.ledger, has);
	// The registry was asked this moment; a status that says so would be overtaken by its answer.
	if (isUnderWay && verdict.reason === "Progressing") return { againMs: PATIENCE_MS };
	// That it has its first credential was told already.
	const isTold = verdict.is === "Ready" && robot.status.lastRotationTime === undefined;
	const reports = isTold ? { ...reporting(deps), events: SILENT } : reporting(deps);
	await reportVerdict(reports, sameWish(object, kept), { verdict, fields }, signal);
	return verdict.is === "Ready" ? againAt(nextChangeMs(robot, settled.ledger, deps.now())) : { againMs: WAIT_MS };
};

const SILENT = { record: () => undefined };

const EVENT_NOTES = {
	First: "the robot gets its first credential",
	Due: "the credential is as old as it may get and is replaced; the one before works through the grace period",
	Forced: "the credential is replaced as requested; the one before works through the grace period",
	SecretDeleted: "the Secret was deleted: it gets a new credential; the one before works through the grace period",
	SecretEdited: "the Secret was changed: it gets a new credential; the one before works through the grace period",
} as const satisfies { readonly [reason in MintReason]: string };

const announce = ({ events }: RobotDeps, object: KubeObject, why: MintReason): void => {
	const type = why === "SecretDeleted" || why === "SecretEdited" ? "Warning" : "Normal";
	const reason = why === "First" ? "CredentialIssued" : "CredentialRotated";
	events.record({ regarding: object, type, reason, action: "Rotate", note: EVENT_NOTES[why] });
};

/** The version with our finalizer, unless something else is wanted of that one than was looked at. */
const sameWish = (object: KubeObject, kept: KubeObject): KubeObject => {
	const wishOf = ({ metadata }: KubeObject) => [metadata.generation, metadata.annotations ?? {}];
	const stripped = stripObject(kept);
	return isDeepStrictEqual(wishOf(object), wishOf(stripped)) ? stripped : object;
};

const verifierFor =
	({ verifierOf }: RobotDeps, uid: string) =>
	(secret: string): string =>
		verifierOf(uid, secret);

/** Docker's clients look credentials up by host and, unless it is the scheme's own, port. */
const hostOf = (url: string | undefined): string | undefined =>
	url !== undefined && URL.canParse(url) ? new URL(url).host : undefined;

const againAt = (ms: number | undefined): ReconcileResult => (ms === undefined ? {} : { againMs: ms + 1 });
