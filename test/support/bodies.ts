import type { Body } from "#/registry/registry.ts";

/** A body in pieces; every piece is a copy of its own, as a socket's are. */
export async function* bodyOf(...pieces: readonly (string | Uint8Array)[]): Body & AsyncGenerator<Uint8Array> {
	for (const piece of pieces) yield Uint8Array.from(Buffer.from(piece));
}

/** A body that fails after its pieces. */
export async function* brokenBody(
	cause: unknown,
	...pieces: readonly (string | Uint8Array)[]
): AsyncGenerator<Uint8Array> {
	yield* bodyOf(...pieces);
	throw cause;
}
