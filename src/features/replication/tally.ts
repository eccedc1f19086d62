import { RemoteError } from "#/client/remote-error.ts";
import { CodedError } from "#/lib/coded-error.ts";
import { OciError } from "#/oci/error.ts";

/** The run cannot go on: whatever it asks for fails. */
export class RunEnded extends CodedError<"UNREACHABLE" | "REFUSED"> {
	override readonly name = "RunEnded";
}

/** Failures that are told of in words. */
const MAX_TOLD = 3;
/** So many calls in a row that nobody answered are no accident. */
const MAX_UNREACHABLE = 5;
/** So many refusals or failures of the other side in a row, without anything that worked. */
const MAX_FAILURES = 1_000;

/** What a run has done so far. */
export class Tally {
	/** Tags and referrers that were copied. */
	copied = 0;
	/** That were as they should be. */
	skipped = 0;
	failed = 0;
	removed = 0;
	/** Bytes of blobs that were sent. */
	bytes = 0;
	/** Tags that somebody else had changed at the target. */
	diverged = 0;
	/** Whether everything at the source that the run is about was seen. */
	isComplete = true;
	readonly #told: string[] = [];
	#unreachable = 0;
	#inARow = 0;

	/** Something worked: the other side is there. */
	worked(): void {
		this.#unreachable = 0;
		this.#inARow = 0;
	}

	/**
	 * Counts what could not be done, and goes on.
	 *
	 * @param count how many references it is about
	 * @throws RunEnded when nothing works any more
	 */
	fail(what: string, error: unknown, count = 1): void {
		const why = error instanceof CodedError ? error.message : "an unexpected failure";
		this.refuse(what, why, count);
		// What is wrong with one artifact, or what a guard of this registry says, is nothing about the other side.
		const isTheirs = error instanceof RemoteError && error.code !== "INVALID" && !(error.cause instanceof OciError);
		this.#inARow = isTheirs ? this.#inARow + 1 : 0;
		const isAway = error instanceof RemoteError && (error.code === "UNREACHABLE" || error.code === "FORBIDDEN");
		this.#unreachable = isAway ? this.#unreachable + 1 : 0;
		const cause = { cause: error };
		if (this.#unreachable >= MAX_UNREACHABLE) throw new RunEnded("UNREACHABLE", why, cause);
		if (this.#inARow >= MAX_FAILURES) throw new RunEnded("REFUSED", `${this.#inARow} failures in a row: ${why}`, cause);
	}

	/** Counts what is not to be done, which says nothing about the other side. */
	refuse(what: string, why: string, count = 1): void {
		this.failed += count;
		if (this.#told.length < MAX_TOLD) this.#told.push(`${what}: ${why}`.slice(0, 300));
	}

	/** The first failures, in words; empty: there were none. */
	get failures(): string {
		const rest = this.failed - this.#told.length;
		return [...this.#told, ...(rest > 0 ? [`and ${rest} more`] : [])].join("; ");
	}
}
