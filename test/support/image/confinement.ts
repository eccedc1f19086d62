import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "./containerd.ts";

/** What the kernel says of a process. */
export interface Confinement {
	readonly user: string;
	readonly group: string;
	/** All that it has or may ever have. */
	readonly capabilities: readonly string[];
	readonly noNewPrivileges: boolean;
	readonly filtersSystemCalls: boolean;
	/** Bytes. */
	readonly memoryLimit: number;
}

/** How confined the first process of a container is. */
export const confinementOf = ({ pid, group }: Container): Confinement => {
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	const field = (name: string): string => new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)?.[1] ?? "";
	return {
		user: field("Uid"),
		group: field("Gid"),
		capabilities: [...new Set(["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map(field))],
		noNewPrivileges: field("NoNewPrivs") === "1",
		filtersSystemCalls: field("Seccomp") === "2",
		memoryLimit: Number(readFileSync(memoryFile(group), "utf8")),
	};
};

/** Of the second version of control groups, or the first. */
const memoryFile = (group: string): string => {
	const unified = join("/sys/fs/cgroup", group, "memory.max");
	return existsSync(unified) ? unified : join("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
};
