import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { Reflector } from "#/kube/reflector.ts";
import { kubeconfigConnection } from "#/kube/rest/kubeconfig-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { conditionsOf } from "#/kube/status/condition.ts";
import { systemTiming } from "#/lib/timing.ts";
import { lintStatus } from "./status-lint.ts";

/** What {@link lintEveryStatus} begins. */
export interface EveryStatus {
	/** Ends it. @throws Error that says what was wrong with which status, or that none was seen */
	end(): Promise<void>;
}

/**
 * Judges the statuses that resources of all kinds have and come to, at an API server that may go away and come back.
 *
 * @param kubeconfig path of the file
 */
export const lintEveryStatus = async (kubeconfig: string): Promise<EveryStatus> => {
	const connection = await kubeconfigConnection({ path: kubeconfig });
	const client = new RestClient({ connection, timing: systemTiming }, { userAgent: "status-lint" });
	const ending = new AbortController();
	const faults = new Set<string>();
	let judged = 0;
	const judge = (object: KubeObject, reasons: ReadonlySet<string>): void => {
		// Nobody has looked at it yet.
		if (conditionsOf(object).length === 0) return;
		judged++;
		const { failures, warnings } = lintStatus(object, { stage: "underway", reasons });
		for (const fault of [...failures, ...warnings])
			faults.add(`${object.kind} ${keyOf(object.metadata)}: ${fault} ${JSON.stringify(object.status)}`);
	};
	const running = ALL_KINDS.map((type) => {
		const reasons = new Set(Object.keys(type.reasons));
		const reflector = new Reflector({ client, timing: systemTiming, report: () => undefined }, { type });
		reflector.store.subscribe(({ after }) => {
			if (after !== undefined) judge(after, reasons);
		});
		return reflector.run(ending.signal);
	});
	return {
		async end() {
			ending.abort();
			await Promise.all(running);
			await client[Symbol.asyncDispose]();
			if (faults.size > 0) throw new Error(`statuses break the rules:\n${[...faults].join("\n")}`);
			if (judged === 0) throw new Error("no status was seen, so none was judged");
		},
	};
};
