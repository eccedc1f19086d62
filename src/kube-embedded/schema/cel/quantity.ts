const nano = 1_000_000_000n;
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };
const form = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?\d{1,3}))$/;

const scale = (amount: bigint, exponent: number): bigint => {
	if (exponent >= 0) return amount * 10n ** BigInt(exponent);
	const by = 10n ** BigInt(-exponent);
	return amount / by + (amount % by === 0n ? 0n : 1n);
};

/** An amount as Kubernetes writes resources (`1.5Gi`, `250m`), exact down to a billionth. */
export class Quantity {
	/** Billionths. */
	readonly nanos: bigint;

	constructor(nanos: bigint) {
		this.nanos = nanos;
	}

	/** Absent when the text is no quantity. */
	static parse(text: string): Quantity | undefined {
		const match = form.exec(text);
		if (match === null) return undefined;
		const [, sign, digits = "", bits, suffix = "", exponent] = match;
		const [whole = "", fraction = ""] = digits.split(".");
		const amount = BigInt(`${whole}${fraction}` || "0");
		const tens = 9 - fraction.length + (exponent === undefined ? (decimal[suffix] ?? 0) : Number(exponent));
		const nanos = scale(bits === undefined ? amount : amount << (binary[bits] ?? 0n), tens);
		return new Quantity(sign === "-" ? -nanos : nanos);
	}

	/** Negative, zero or positive as this one is less, equal or more. */
	compare(other: Quantity): number {
		return this.nanos < other.nanos ? -1 : this.nanos > other.nanos ? 1 : 0;
	}

	/** Whether it is a whole number that fits 64 bits. */
	get isInteger(): boolean {
		const whole = this.nanos / nano;
		return this.nanos % nano === 0n && whole === BigInt.asIntN(64, whole);
	}

	/** The whole number that it is. @throws Error when it is none */
	get integer(): bigint {
		if (!this.isInteger) throw new Error("cannot convert value to integer");
		return this.nanos / nano;
	}

	/** The nearest floating point number. */
	get float(): number {
		return Number(this.nanos) / 1e9;
	}
}
