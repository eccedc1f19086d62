import { KubeError } from "#/kube/kube-error.ts";

const NEWLINE = 0x0a;

/**
 * The lines of a body, each as soon as it is whole; what follows the last newline is no line. Holds one chunk and the
 * beginning of one line.
 *
 * @param maxBytes longest line
 * @throws KubeError UNKNOWN when one is longer
 */
export async function* linesOf(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string> {
	let begun: Uint8Array[] = [];
	let length = 0;
	for await (const chunk of body) {
		let from = 0;
		for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
			const line = Buffer.concat([...begun, chunk.subarray(from, end)]);
			from = end + 1;
			begun = [];
			length = 0;
			if (line.length > 0) yield line.toString();
		}
		begun.push(chunk.subarray(from));
		length += chunk.length - from;
		if (length > maxBytes) throw new KubeError("UNKNOWN", `a line of the answer is longer than ${maxBytes} bytes`);
	}
}
