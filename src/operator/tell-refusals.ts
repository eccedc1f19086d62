import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject, ObjectKey } from "#/kube/kube-object.ts";
import type { Reconcile } from "#/kube/reconciler.ts";
import { type Report, type ReportDeps, reportVerdict } from "./report-verdict.ts";

/**
 * A reconcile that also writes down of its resource what the API server forbade the operator, such as the Secrets of a
 * namespace that it has no rights in: else nobody but the operator's log would tell. It fails as before, and is tried again.
 *
 * @param find the resource as it was last seen
 */
export const tellingRefusals =
	(deps: ReportDeps, find: (key: ObjectKey) => KubeObject | undefined, reconcile: Reconcile): Reconcile =>
	async (key, signal) => {
		try {
			return await reconcile(key, signal);
		} catch (error) {
			const object = find(key);
			if (error instanceof KubeError && error.code === "FORBIDDEN" && object !== undefined) {
				const verdict = { is: "Working", reason: "Failed", message: error.message } as const;
				// It may be the status that is forbidden; then the log alone tells.
				await reportVerdict(deps, object, { verdict, ...stillOf(object) }, signal).catch(() => undefined);
			}
			throw error;
		}
	};

/** What a status says beside conditions stays as it is. */
export const stillOf = ({ status }: KubeObject): Pick<Report, "fields" | "handled"> => {
	const { lastHandledRequestedAt: handled, ...rest } = Object.fromEntries(Object.entries(status ?? {}));
	const { observedGeneration: _, conditions: __, ...fields } = rest;
	return { fields, handled: typeof handled === "string" ? handled : undefined };
};
