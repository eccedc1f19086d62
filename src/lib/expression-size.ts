/** A part that can be repeated: a character, a class, an escape. */
const ATOM = /\\[pP]\{[^}]*\}|\\x\{[^}]*\}|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|./suy;
/** How often the part before it is wanted: `{3}`, `{3,}`, `{3,5}`. */
const COUNT = /\{(\d+)(?:,(\d*))?\}/y;

/**
 * About how many instructions a regular expression in RE2's syntax compiles to, without compiling it: counted repetitions
 * are written out, so that a few characters can stand for tens of thousands. It is off by less than four times.
 *
 * @example expressionSize("(ab{10}){3}") === 33
 */
export const expressionSize = (text: string): number => {
	/** Sizes of the groups that are open, and of the part that a count would repeat. */
	const open: number[] = [];
	let size = 0;
	let last = 0;
	for (let at = 0; at < text.length; ) {
		COUNT.lastIndex = at;
		const count = COUNT.exec(text);
		if (count !== null) {
			const times = Math.max(Number(count[1]), Number(count[2] ?? 0));
			size += last * Math.max(times - 1, 0);
			last *= Math.max(times, 1);
			at = COUNT.lastIndex;
			continue;
		}
		ATOM.lastIndex = at;
		const [part = ""] = ATOM.exec(text) ?? [];
		at += Math.max(part.length, 1);
		if (part === "(") {
			open.push(size);
			size = 0;
			last = 0;
		} else if (part === ")") {
			last = size;
			size += open.pop() ?? 0;
		} else if (part !== "*" && part !== "+" && part !== "?") {
			last = 1;
			size += 1;
		}
	}
	return open.reduce((sum, each) => sum + each, size);
};
