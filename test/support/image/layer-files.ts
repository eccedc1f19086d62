import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a layer says of a file. */
export interface LayerFile {
	/** From the root, with its slash. */
	readonly path: string;
	/** As `ls -l` writes it, such as `drwxr-xr-x`. */
	readonly mode: string;
	/** `user/group`, as numbers. */
	readonly owner: string;
	/** Date and time, UTC. */
	readonly modified: string;
}

/** The files of a packed layer, as it lists them. */
export const layerFiles = async (path: string): Promise<readonly LayerFile[]> => {
	const args = ["--list", "--verbose", "--numeric-owner", "--full-time", "--utc", "--gzip", "--file", path];
	const { stdout } = await run("tar", args, { maxBuffer: 64 * 1024 * 1024 });
	return stdout
		.split("\n")
		.filter((line) => line !== "")
		.map(readLine);
};

/** As in `-rw-r--r-- 0/0  22  1970-01-01 00:00:00 etc/a -> b`; links name what they point to. */
const readLine = (line: string): LayerFile => {
	const [, mode, owner, modified, name] = /^(\S+) +(\S+) +\S+ (\S+ \S+) (.*?)( -> .*| link to .*)?$/.exec(line) ?? [];
	if (mode === undefined || owner === undefined || modified === undefined || name === undefined) {
		throw new Error(`not understood: ${line}`);
	}
	return { path: `/${name.replace(/^\.?\//, "").replace(/\/$/, "")}`, mode, owner, modified };
};
