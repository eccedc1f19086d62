/**
 * A signal that is aborted with another one, or after some time. Dispose it as soon as the work is done: no timer and
 * no listener on the other signal remain.
 */
export class Deadline implements Disposable {
	readonly #controller = new AbortController();
	readonly #timer: NodeJS.Timeout;
	readonly #parent: AbortSignal;
	readonly #follow = () => this.#controller.abort(this.#parent.reason);
	readonly #endsAt: number;
	#passed = false;

	/** @param ms time that the work has, milliseconds */
	constructor(parent: AbortSignal, ms: number) {
		this.#parent = parent;
		this.#endsAt = performance.now() + ms;
		this.#timer = setTimeout(() => {
			this.#passed = true;
			this.#controller.abort(new DOMException(`no end within ${ms} ms`, "TimeoutError"));
		}, ms).unref();
		if (parent.aborted) this.#follow();
		else parent.addEventListener("abort", this.#follow, { once: true });
	}

	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	/** Whether the time ran out. */
	get passed(): boolean {
		return this.#passed;
	}

	/** Milliseconds until then. */
	get leftMs(): number {
		return this.#endsAt - performance.now();
	}

	[Symbol.dispose](): void {
		clearTimeout(this.#timer);
		this.#parent.removeEventListener("abort", this.#follow);
	}
}
