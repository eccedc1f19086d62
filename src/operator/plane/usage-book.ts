import type { Control, ProjectUsage } from "#/control/control.ts";

/** Projects of one call. */
const PAGE = 500;

/** Settings of a {@link UsageBook}. */
export interface UsageBookOpts {
	/** How old what it says may be, milliseconds. @defaultValue 240000 */
	readonly maxAgeMs?: number;
	/** How old it may be when it knows nothing of a project, which may be new, milliseconds. @defaultValue 10000 */
	readonly maxMissAgeMs?: number;
}

/** What projects use, read for all of them at once and kept for a while. */
export class UsageBook {
	readonly #control: Pick<Control, "usage">;
	readonly #monotonic: () => number;
	readonly #maxAgeMs: number;
	readonly #maxMissAgeMs: number;
	#read: { readonly at: number; readonly usages: Promise<ReadonlyMap<string, ProjectUsage>> } | undefined;

	/** @param deps `monotonic` in milliseconds */
	constructor(
		deps: { readonly control: Pick<Control, "usage">; readonly monotonic: () => number },
		opts: UsageBookOpts = {},
	) {
		this.#control = deps.control;
		this.#monotonic = deps.monotonic;
		this.#maxAgeMs = opts.maxAgeMs ?? 240_000;
		this.#maxMissAgeMs = opts.maxMissAgeMs ?? 10_000;
	}

	/**
	 * What a project uses; absent when the data plane has none of that uid.
	 *
	 * @param signal of whoever has to wait; the read is everybody's and ends with its first caller's signal
	 * @param maxAgeMs how old it may be for this caller; absent: as old as for all
	 */
	async find(uid: string, signal: AbortSignal, maxAgeMs = this.#maxAgeMs): Promise<ProjectUsage | undefined> {
		const found = (await this.#usages(maxAgeMs, signal)).get(uid);
		return found ?? (await this.#usages(this.#maxMissAgeMs, signal)).get(uid);
	}

	#usages(maxAgeMs: number, signal: AbortSignal): Promise<ReadonlyMap<string, ProjectUsage>> {
		const now = this.#monotonic();
		if (this.#read !== undefined && now - this.#read.at <= maxAgeMs) return this.#read.usages;
		const read = { at: now, usages: this.#readAll(signal) };
		this.#read = read;
		// What failed is not kept; whoever waits hears of it.
		read.usages.catch(() => {
			if (this.#read === read) this.#read = undefined;
		});
		return read.usages;
	}

	async #readAll(signal: AbortSignal): Promise<ReadonlyMap<string, ProjectUsage>> {
		const usages = new Map<string, ProjectUsage>();
		for (let after: string | undefined; ; ) {
			const { projects, more } = await this.#control.usage({ after, limit: PAGE }, signal);
			for (const project of projects) usages.set(project.uid, project);
			after = projects.at(-1)?.name;
			if (!more || after === undefined) return usages;
		}
	}
}
