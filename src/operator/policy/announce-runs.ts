import type { EventRecorder } from "#/kube/events/event-recorder.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { reasonOf } from "./judge-policy.ts";
import type { PolicyRun } from "./policy-resource.ts";

/**
 * Tells by events of the runs that have ended since the last look: each that did not do all, one that was asked for,
 * and the first that went well again. That a schedule is kept is no news.
 *
 * @param known the runs as the status had them, the newest first
 */
export const announceRuns = (
	events: Pick<EventRecorder, "record">,
	regarding: KubeObject,
	known: readonly PolicyRun[],
	runs: readonly PolicyRun[],
): void => {
	const told = new Set(known.filter(({ outcome }) => outcome !== "Running").map(({ id }) => id));
	const ended = runs.filter(({ outcome }) => outcome !== "Running");
	for (const [i, run] of ended.entries()) {
		if (told.has(run.id)) continue;
		const before = ended[i + 1];
		const isWell = run.outcome === "Succeeded";
		const isNews = run.trigger === "Request" || run.trigger === "Command" || before?.outcome !== run.outcome;
		if (isWell && (!isNews || (before === undefined && run.trigger === "Schedule"))) continue;
		const type = isWell ? "Normal" : "Warning";
		events.record({ regarding, type, reason: reasonOf(run), action: "Run", note: run.message || reasonOf(run) });
	}
};
