/** What happens behind the requests and somebody should know: it becomes a log line. */
export interface RegistryEvent {
	/** One dotted word: `sweep.failed`, `journal.sealed` … */
	readonly event: string;
	readonly level: "info" | "warn" | "error";
	/** The failure, where there is one. */
	readonly error?: unknown;
	/** Fields of the log line: bounded in number, without secrets. */
	readonly fields?: Readonly<Record<string, string | number | boolean>>;
}

/** Takes an event; must not throw. */
export type Report = (event: RegistryEvent) => void;
