/** What the controllers of both kinds of policies do: find what a policy names, want it so, write down what comes of it. */
import { hasFinalizer, removeFinalizer } from "#/kube/finalizers.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { Reconcile, ReconcileResult } from "#/kube/reconciler.ts";
import { FINALIZER } from "#/operator/finalizer.ts";
import { isReported, type Report, reportVerdict } from "#/operator/report-verdict.ts";
import { stillOf, tellingRefusals } from "#/operator/tell-refusals.ts";
import { findBinding, whyItStays } from "#/operator/tenancy/find-binding.ts";
import { announceRuns } from "./announce-runs.ts";
import { chooseFields } from "./choose-fields.ts";
import { finalizing, handOver, type LookedPolicy } from "./hand-over.ts";
import { judgeHealth, judgePolicy } from "./judge-policy.ts";
import type { PolicyDeps, PolicyKind } from "./policy-deps.ts";

/** How soon is looked again for what nobody may tell of, milliseconds. */
const WAIT_MS = 15_000;

/** Makes one policy of a kind so. */
export const createPolicyReconcile = (deps: PolicyDeps, kind: PolicyKind): Reconcile =>
	tellingRefusals(
		{ ...deps, fieldManager: kind.fieldManager },
		(key) => deps.policies.get(key),
		async (key, signal) => {
			const object = deps.policies.get(key);
			if (object === undefined) return {};
			const read = kind.read(object);
			if ("invalid" in read) {
				const verdict = { is: "Stalled", reason: "InvalidSpec", message: read.invalid } as const;
				await write(deps, kind, object, { verdict, ...stillOf(object) }, signal);
				return {};
			}
			const { policy } = read;
			const looked = { object, policy, binding: findBinding(deps, policy.resource) };
			if (object.metadata.deletionTimestamp !== undefined) return await end(deps, kind, looked, signal);
			if (looked.binding.unseen && isReported(object)) return { againMs: WAIT_MS };
			return await keep(deps, kind, looked, signal);
		},
	);

const keep = async (
	deps: PolicyDeps,
	kind: PolicyKind,
	looked: LookedPolicy,
	signal: AbortSignal,
): Promise<ReconcileResult> => {
	const { object, policy } = looked;
	const { uid } = policy.resource.metadata;
	const handed = await handOver(deps, kind, looked, signal);
	if (handed === undefined) return {};
	const { surroundings, present } = handed;
	const { status } = policy.resource;
	const reported = present?.report === undefined ? undefined : kind.readReport(present.report);
	const handled = reported?.handled ?? status.lastHandledRequestedAt;
	const { fields, againMs } = chooseFields(deps.volatileStatus, {
		uid,
		standing: policy.standing,
		reported: reported?.fields,
		urgent: handled !== status.lastHandledRequestedAt,
	});
	const verdict = judgePolicy({ ...handed, runs: fields.runs });
	const leftMs = verdict.reason === "Progressing" ? deps.patience.left(uid) : deps.patience.end(uid);
	// The registry was asked a moment ago; a status that says so would be overtaken by its answer.
	if (leftMs !== undefined) return { againMs: leftMs + 1 };
	const report = {
		verdict,
		asides: [judgeHealth(fields.runs)],
		fields: { ...policy.around, ...surroundings?.fields, ...fields },
		handled,
	};
	await write(deps, kind, object, report, signal);
	announceRuns(deps.events, object, status.runs, fields.runs);
	return soonest(verdict.is === "Working" ? WAIT_MS : undefined, surroundings?.againMs, againMs);
};

const end = async (
	deps: PolicyDeps,
	kind: PolicyKind,
	{ object, policy, binding }: LookedPolicy,
	signal: AbortSignal,
): Promise<ReconcileResult> => {
	if (!hasFinalizer(object, FINALIZER)) return {};
	const { uid } = policy.resource.metadata;
	const { link, gone } = binding;
	deps.patience.end(uid);
	if (gone || link?.drop(uid) === true) {
		await removeFinalizer(finalizing(deps, kind, object), signal);
		return {};
	}
	if (binding.unseen && isReported(object)) return { againMs: WAIT_MS };
	const message = whyItStays(binding) ?? "waiting until the registry no longer knows it";
	const verdict = { is: "Working", reason: "Deleting", message } as const;
	await write(deps, kind, object, { verdict, ...stillOf(object) }, signal);
	return { againMs: WAIT_MS };
};

const write = async (
	deps: PolicyDeps,
	{ fieldManager }: PolicyKind,
	object: KubeObject,
	report: Report,
	signal: AbortSignal,
): Promise<void> => reportVerdict({ ...deps, fieldManager }, object, report, signal);

const soonest = (...waits: readonly (number | undefined)[]): ReconcileResult => {
	const given = waits.filter((ms) => ms !== undefined);
	return given.length === 0 ? {} : { againMs: Math.min(...given) };
};
