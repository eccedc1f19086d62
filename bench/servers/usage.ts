import { readFileSync, writeFileSync } from "node:fs";

/** Seconds of a clock tick in `/proc`: 100 a second on Linux. */
const TICK_S = 0.01;

/** The processes below `pid`, itself first. Those that end meanwhile are left out. */
const treeOf = (pid: number): readonly number[] => {
	const children = read(`/proc/${pid}/task/${pid}/children`);
	return [pid, ...children.split(" ").filter(Boolean).map(Number).flatMap(treeOf)];
};

/** User and system time that the tree of processes has used since its start, seconds. */
export const cpuSeconds = (pid: number): number =>
	treeOf(pid).reduce((sum, each) => {
		const stat = read(`/proc/${each}/stat`);
		// The name, in parentheses, may contain spaces.
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_S;
	}, 0);

/** Lets {@link peakMiB} begin anew. */
export const resetPeak = (pid: number): void => {
	for (const each of treeOf(pid)) writeFileSync(`/proc/${each}/clear_refs`, "5");
};

/** The most memory that the tree of processes held since {@link resetPeak}, MiB; a sum of each one's peak. */
export const peakMiB = (pid: number): number => memoryMiB(pid, "VmHWM");

/** What the tree of processes holds now, MiB. */
export const residentMiB = (pid: number): number => memoryMiB(pid, "VmRSS");

const memoryMiB = (pid: number, field: string): number =>
	treeOf(pid).reduce((sum, each) => {
		const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(read(`/proc/${each}/status`))?.[1];
		return sum + Number(kib ?? 0) / 1024;
	}, 0);

const read = (path: string): string => {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return "";
	}
};
