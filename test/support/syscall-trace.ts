// What strace wrote down of a process and its threads, read as a list of calls.

/** The calls that {@link parseTrace} understands, for strace's `-e`. */
export const TRACED =
	"trace=openat,mkdir,mkdirat,accept4,write,writev,pwrite64,pwritev,pwritev2,ftruncate,fsync,fdatasync,rename,renameat,renameat2,sendto,sendmsg";

/** One system call that succeeded. */
export interface Syscall {
	readonly call: string;
	/** As strace prints them. */
	readonly args: string;
	/** As strace prints it: a number, for a new descriptor with what it stands for. */
	readonly result: string;
	/** What its first argument, a descriptor, stands for: a path, or `TCP:[…]`. Absent when that is none. */
	readonly on: string | undefined;
	/** The paths and texts in its arguments. */
	readonly texts: readonly string[];
	/** Its place among all beginnings and ends. One call came before another when it ended before that began. */
	readonly began: number;
	readonly ended: number;
}

/**
 * Reads the output of `strace -f -yy`. Calls that failed, or never ended, are left out.
 *
 * @throws Error at a line that is none of strace's
 */
export const parseTrace = (text: string): readonly Syscall[] => {
	const pending = new Map<string, { readonly head: string; readonly began: number }>();
	const calls: Syscall[] = [];
	for (const [at, line] of text.split("\n").entries()) {
		if (line === "") continue;
		const [, thread = "", rest = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
		if (thread === "") throw new Error(`line ${at} of the trace: ${line}`);
		if (/^(---|\+\+\+)/.test(rest)) continue;
		const unfinished = /^(.*?)\s*<unfinished \.\.\.>$/.exec(rest);
		if (unfinished !== null) {
			pending.set(thread, { head: unfinished[1] ?? "", began: at });
			continue;
		}
		const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
		const before = resumed === null ? { head: "", began: at } : pending.get(thread);
		if (before === undefined) throw new Error(`line ${at} of the trace goes on with nothing: ${line}`);
		const call = parseCall(`${before.head}${resumed?.[1] ?? rest}`, before.began, at);
		if (call !== undefined) calls.push(call);
	}
	return calls;
};

const parseCall = (text: string, began: number, ended: number): Syscall | undefined => {
	const [, call, args = "", result = ""] = /^(\w+)\((.*)\)\s+= (\d.*)$/.exec(text) ?? [];
	if (call === undefined) return undefined;
	const on = /^\d+<(TCP:\[[^\]]*\]|[^>]*)>/.exec(args)?.[1];
	const texts = [...args.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inner = ""]) => inner);
	return { call, args, result, on, texts, began, ended };
};

/** Whether the call writes to what its descriptor stands for, or cuts it. */
export const isWrite = ({ call }: Syscall): boolean => /^(p?writev?2?|pwrite64|ftruncate|sendto|sendmsg)$/.test(call);

/** Whether the call makes durable what its descriptor stands for. */
export const isSync = ({ call }: Syscall): boolean => call === "fsync" || call === "fdatasync";
