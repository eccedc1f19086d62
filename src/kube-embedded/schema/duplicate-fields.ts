import { childPath } from "./prune.ts";

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

interface Frame {
	readonly path: string;
	/** Absent in a list. */
	readonly names: Set<string> | undefined;
	at: string;
	place: number;
}

const inside = (frame: Frame | undefined): string => {
	if (frame === undefined) return "";
	return frame.names === undefined ? `${frame.path}[${frame.place}]` : childPath(frame.path, frame.at);
};

/**
 * The fields that a JSON text has twice, as the API server tells of them: `duplicate field "spec.a"`. A parsed value
 * no longer shows them.
 *
 * @param json a text that parses
 */
export const duplicateFields = (json: string): readonly string[] => {
	const found = new Set<string>();
	const frames: Frame[] = [];
	let text = "";
	for (const [sign] of json.matchAll(token)) {
		const frame = frames.at(-1);
		if (sign === "{" || sign === "[")
			frames.push({ path: inside(frame), names: sign === "{" ? new Set() : undefined, at: "", place: 0 });
		else if (sign === "}" || sign === "]") frames.pop();
		else if (sign === "," && frame !== undefined) frame.place++;
		else if (sign === ":" && frame?.names !== undefined) {
			frame.at = String(JSON.parse(text));
			if (frame.names.has(frame.at)) found.add(`duplicate field ${JSON.stringify(inside(frame))}`);
			frame.names.add(frame.at);
		} else text = sign;
	}
	return [...found];
};
