import type { Counter, Histogram } from "prom-client";
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import { codeOf } from "./metered-store.ts";

/** Where metadata's calls are counted. */
export interface MetadataMeters {
	/** Labels: operation, the name of the command or query. */
	readonly seconds: Histogram<"operation">;
	/** Labels: operation, code. */
	readonly failures: Counter<"operation" | "code">;
}

/** The same executor, with each command and query timed by its name and each failure counted. */
export const meteredExecutor = (executor: SqlExecutor, { seconds, failures }: MetadataMeters): SqlExecutor => {
	const timers = new Map<string, Histogram.Internal<"operation">>();
	// Looking up labels costs more than timing does.
	const timerOf = (operation: string): Histogram.Internal<"operation"> => {
		const timer = timers.get(operation) ?? seconds.labels({ operation });
		timers.set(operation, timer);
		return timer;
	};
	const timed = async <T>(operation: string, call: () => Promise<T>): Promise<T> => {
		const started = performance.now();
		try {
			return await call();
		} catch (error) {
			failures.inc({ operation, code: codeOf(error) });
			throw error;
		} finally {
			timerOf(operation).observe((performance.now() - started) / 1000);
		}
	};
	return {
		read: (name, input, signal) => timed(name, () => executor.read(name, input, signal)),
		write: (name, input, opts) => timed(name, () => executor.write(name, input, opts)),
		openSnapshot: (signal) => executor.openSnapshot(signal),
		ping: (signal) => executor.ping(signal),
		[Symbol.asyncDispose]: () => executor[Symbol.asyncDispose](),
	};
};
