import type { Fault, FaultPlan } from "../faulty-proxy.ts";

/** Requests of one kind that are held up on their way, so that whoever sent them is in the middle of something. */
export class Gate {
	readonly #matches: RegExp;
	#passing: number;
	#holding: number;
	readonly #reached = Promise.withResolvers<void>();
	readonly #opened = Promise.withResolvers<void>();
	#isOpen = false;

	/**
	 * @param matches what is held up, as `PUT /bucket/key?query`
	 * @param passing how many of them pass before
	 * @param holding how many are held up; all later ones pass
	 */
	constructor(matches: RegExp, passing = 0, holding = Number.POSITIVE_INFINITY) {
		this.#matches = matches;
		this.#passing = passing;
		this.#holding = holding;
	}

	/** Resolves once one of them is held up. */
	get reached(): Promise<void> {
		return this.#reached.promise;
	}

	/** Lets them and all later ones pass. */
	open(): void {
		this.#isOpen = true;
		this.#opened.resolve();
	}

	/** What becomes of a request. */
	plan: FaultPlan = ({ method, url }): Fault | undefined => {
		if (this.#isOpen || !this.#matches.test(`${method} ${url}`)) return undefined;
		if (this.#passing-- > 0 || this.#holding-- <= 0) return undefined;
		this.#reached.resolve();
		return { hold: this.#opened.promise };
	};
}

/** The first gate that holds a request up has it. */
export const gatesPlan =
	(...gates: readonly Gate[]): FaultPlan =>
	(request) => {
		for (const gate of gates) {
			const fault = gate.plan(request);
			if (fault !== undefined) return fault;
		}
		return undefined;
	};
