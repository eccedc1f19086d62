import { OciError } from "#/oci/error.ts";

/** What a request within an upload holds; dispose it when the request is over. */
export type Slot = Disposable;

/** Counts the requests within uploads, and keeps two of them off one upload. */
export class UploadSlots {
	readonly #max: number;
	readonly #uploads = new Set<string>();
	#taken = 0;
	#idle = Promise.withResolvers<void>();

	constructor(max: number) {
		this.#max = max;
	}

	/** @throws OciError TOOMANYREQUESTS when as many requests as allowed are within uploads */
	take(): Slot {
		if (this.#taken >= this.#max) {
			throw new OciError("TOOMANYREQUESTS", { message: "too many uploads at once", detail: { limit: this.#max } });
		}
		this.#taken += 1;
		return this.#once(() => {
			this.#taken -= 1;
			if (this.#taken > 0) return;
			this.#idle.resolve();
			this.#idle = Promise.withResolvers<void>();
		});
	}

	/** Reserves one upload; undefined while another request of this process is at it. */
	enter(id: string): Slot | undefined {
		if (this.#uploads.has(id)) return undefined;
		this.#uploads.add(id);
		return this.#once(() => this.#uploads.delete(id));
	}

	/** Resolves at the next instant with no request within an upload: at once when there is none. */
	idle(): Promise<void> {
		return this.#taken === 0 ? Promise.resolve() : this.#idle.promise;
	}

	#once(free: () => void): Slot {
		let freed = false;
		return {
			[Symbol.dispose]: () => {
				if (freed) return;
				freed = true;
				free();
			},
		};
	}
}
