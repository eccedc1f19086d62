import { formatInstant } from "#/api/fields/instants.ts";

/** What every run of a report has. */
interface ReportedRun {
	readonly startedAt: number;
	readonly finishedAt?: number;
}

/** A run of a report as the status has it: times in the form of statuses. */
export const toRunStatus = <R extends ReportedRun>({ startedAt, finishedAt, ...run }: R) => ({
	...run,
	startTime: formatInstant(startedAt),
	...(finishedAt === undefined ? {} : { completionTime: formatInstant(finishedAt) }),
});

/** When the next run is due, as the status has it. */
export const nextRunOf = ({ nextRunAt }: { readonly nextRunAt?: number }): { readonly nextRunTime?: string } =>
	nextRunAt === undefined ? {} : { nextRunTime: formatInstant(nextRunAt) };
