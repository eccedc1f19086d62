/** Bytes collected in one stretch of memory, up to the size of a part. */
export class PartBuffer {
	readonly #limit: number;
	#memory: Uint8Array<ArrayBuffer>;
	#length = 0;

	/**
	 * @param limit bytes of a part
	 * @param expected bytes to make room for at once; more is made when they come
	 */
	constructor(limit: number, expected: number) {
		this.#limit = limit;
		this.#memory = Buffer.allocUnsafeSlow(Math.min(limit, expected));
	}

	get length(): number {
		return this.#length;
	}

	get isFull(): boolean {
		return this.#length === this.#limit;
	}

	/** The bytes so far. They stay as they are when more are added. */
	get bytes(): Uint8Array {
		return this.#memory.subarray(0, this.#length);
	}

	/** Copies what still fits, and tells how many bytes those were. */
	add(bytes: Uint8Array): number {
		const taken = Math.min(bytes.byteLength, this.#limit - this.#length);
		this.#grow(this.#length + taken);
		this.#memory.set(taken === bytes.byteLength ? bytes : bytes.subarray(0, taken), this.#length);
		this.#length += taken;
		return taken;
	}

	#grow(wanted: number): void {
		if (wanted <= this.#memory.byteLength) return;
		const larger = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(wanted, this.#memory.byteLength * 2)));
		larger.set(this.bytes);
		this.#memory = larger;
	}
}
