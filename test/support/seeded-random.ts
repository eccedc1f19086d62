/** A source of randomness that can be repeated: numbers from 0 up to, but not including, 1. */
export type Random = () => number;

/** The same numbers for the same `seed`, a 32-bit integer. A counter put through a mixing function of two rounds. */
export function seededRandom(seed: number): Random {
	let state = seed | 0;
	return () => {
		state = (state + 0x9e3779b9) | 0;
		let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
		mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
		return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000;
	};
}

/** An integer from 0 up to, but not including, `bound`. */
export const randomBelow = (random: Random, bound: number): number => Math.floor(random() * bound);

/** One of `choices`, which is not empty. */
export function pick<T>(random: Random, choices: readonly [T, ...T[]]): T {
	return choices[randomBelow(random, choices.length)] ?? choices[0];
}

/** `length` bytes that look like noise, so that a misplaced or missing one changes the digest. */
export function randomBytes(random: Random, length: number): Buffer<ArrayBuffer> {
	const bytes = Buffer.allocUnsafeSlow(length);
	const words = new Uint32Array(bytes.buffer, 0, length >> 2);
	let state = (random() * 0x1_0000_0000) | 1;
	for (let i = 0; i < words.length; i++) {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		words[i] = state;
	}
	for (let i = length & ~3; i < length; i++) bytes[i] = randomBelow(random, 256);
	return bytes;
}
