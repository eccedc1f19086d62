import type { Report } from "#/registry/report.ts";
import type { BlobWriter } from "#/storage/blob-store.ts";

interface Parked {
	readonly writer: BlobWriter;
	readonly timer: NodeJS.Timeout;
}

/** What {@link OpenWriters} works with. */
export interface OpenWritersOpts {
	readonly max: number;
	readonly idleMs: number;
	readonly report: Report;
}

/**
 * Writers between two requests of their uploads, so that the hash in memory goes on. Every one of them is checkpointed:
 * closing it loses nothing, the upload then goes on from its row. The one that waited longest goes first.
 */
export class OpenWriters {
	readonly #opts: OpenWritersOpts;
	readonly #parked = new Map<string, Parked>();

	constructor(opts: OpenWritersOpts) {
		this.#opts = opts;
	}

	/** Takes the upload's writer out; absent when there is none here. */
	take(id: string): BlobWriter | undefined {
		const parked = this.#parked.get(id);
		if (parked === undefined) return undefined;
		clearTimeout(parked.timer);
		this.#parked.delete(id);
		return parked.writer;
	}

	/** Keeps a checkpointed writer for the next request. */
	park(id: string, writer: BlobWriter): void {
		const timer = setTimeout(() => void this.#close(id), this.#opts.idleMs);
		timer.unref();
		this.#parked.set(id, { writer, timer });
		const [oldest] = this.#parked.keys();
		if (this.#parked.size > this.#opts.max && oldest !== undefined) void this.#close(oldest);
	}

	/** Closes all of them. */
	async closeAll(): Promise<void> {
		await Promise.all([...this.#parked.keys()].map((id) => this.#close(id)));
	}

	async #close(id: string): Promise<void> {
		const writer = this.take(id);
		if (writer !== undefined) await closeWriter(writer, this.#opts.report);
	}
}

/** Closes a writer, keeping what was checkpointed. A failure is only reported: nothing depends on it. */
export const closeWriter = async (writer: BlobWriter, report: Report): Promise<void> => {
	try {
		await writer[Symbol.asyncDispose]();
	} catch (error) {
		report({ event: "upload.close-failed", level: "warn", error });
	}
};
