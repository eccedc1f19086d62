// A container as Docker would make it of a service: its command and environment, its files, its network, and no more
// rights than the service says.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findPart } from "../parts.ts";
import type { ImageStandIn } from "./images.ts";
import type { ComposeService } from "./model.ts";
import type { Attachment } from "./network.ts";

const execute = promisify(execFile);
const program = findPart("runc") ?? "runc";

/** What a container is made of. */
export interface ContainerOpts {
	/** Unique on this machine. */
	readonly id: string;
	readonly service: ComposeService;
	readonly image: ImageStandIn;
	readonly network: Attachment;
	/** An empty folder of its own. */
	readonly folder: string;
	/** Files of configs and secrets, and folders of volumes, by the path in the container. */
	readonly files: Readonly<Record<string, string>>;
	readonly volumes: Readonly<Record<string, string>>;
}

/** A container whose first process runs, or ran. */
export interface RunningContainer {
	readonly address: string;
	/** Resolves to its exit code. */
	readonly ended: Promise<number>;
	readonly isOver: boolean;
	/** Everything that it wrote so far. */
	output(): string;
	/** Runs a command in it. @returns its exit code */
	exec(...command: readonly string[]): Promise<number>;
	signal(name: string): Promise<void>;
}

interface Mount {
	readonly destination: string;
	readonly type: string;
	readonly source: string;
	readonly options: readonly string[];
}

/** What every capability that Docker leaves to a container would be written as, where a service drops nothing. */
const DEFAULT_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "NET_BIND_SERVICE", "KILL"];

/** As many as four processes of this machine get. */
const CPU_SHARES = 4 * 1024;

/** Lays out a container and starts it. */
export const startContainer = async (opts: ContainerOpts): Promise<RunningContainer> => {
	const { id, folder, network } = opts;
	layOutRoot(join(folder, "rootfs"), network.nameServer);
	const config = join(folder, "config.json");
	writeFileSync(config, JSON.stringify(specOf(opts)));
	const runc = ["--root", join(folder, "state")];
	const child = spawn(program, [...runc, "run", "--bundle", folder, id], { stdio: ["ignore", "pipe", "pipe"] });
	let output = "";
	const keep = (data: Buffer): void => {
		output = (output + data.toString()).slice(-100_000);
	};
	child.stdout.on("data", keep);
	child.stderr.on("data", keep);
	let isOver = false;
	const ended = once(child, "close").then(([code]) => {
		isOver = true;
		return Number(code);
	});
	const { args: _, ...process } = processOf(opts);
	return {
		address: network.address,
		ended,
		get isOver() {
			return isOver;
		},
		output: () => output,
		exec: async (...command) => {
			const file = join(folder, `exec-${crypto.randomUUID()}.json`);
			writeFileSync(file, JSON.stringify({ ...process, args: command }));
			return await execute(program, [...runc, "exec", "--process", file, id]).then(
				() => 0,
				() => 1,
			);
		},
		signal: async (name) => {
			if (!isOver) await execute(program, [...runc, "kill", id, name]).catch(() => undefined);
		},
	};
};

/** The folders of a root file system, over which this machine's programs are laid. */
const layOutRoot = (root: string, nameServer: string): void => {
	for (const folder of ["etc", "usr", "proc", "dev", "tmp", "run", "var/lib"]) {
		mkdirSync(join(root, folder), { recursive: true });
	}
	for (const name of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${name}`, join(root, name));
	symlinkSync("/run", join(root, "var/run"));
	const write = (name: string, text: string): void => writeFileSync(join(root, "etc", name), text);
	write("passwd", "root:x:0:0::/root:/bin/sh\npostgres:x:999:999::/:/bin/sh\n");
	write("group", "root:x:0:\npostgres:x:999:\n");
	write("hosts", "127.0.0.1 localhost\n");
	write("nsswitch.conf", "hosts: files dns\n");
	write("resolv.conf", `nameserver ${nameServer}\noptions ndots:0\n`);
};

const processOf = ({ service, image }: ContainerOpts) => {
	const [uid = 0, gid = 0] = (service.user ?? image.user ?? "0:0").split(":").map(Number);
	const environment = { ...image.environment, ...service.environment };
	const capabilities = service.cap_drop.includes("ALL") ? [] : DEFAULT_CAPABILITIES.map((name) => `CAP_${name}`);
	return {
		user: { uid, gid, additionalGids: service.group_add.map(Number) },
		args: [...(service.entrypoint ?? image.entrypoint), ...(service.command ?? [])],
		env: Object.entries(environment).map(([name, value]) => `${name}=${value ?? ""}`),
		cwd: "/",
		capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
		noNewPrivileges: service.security_opt.some((option) => /^no-new-privileges(:true)?$/.test(option)),
	};
};

const bind = (destination: string, source: string, access: "ro" | "rw"): Mount => ({
	destination,
	type: "bind",
	source,
	options: ["rbind", access],
});

/** As Docker's `--tmpfs` has it: `PATH:OPTIONS`. */
const temporary = (text: string): Mount => {
	const [destination = "", options = "mode=1777"] = text.split(":");
	return { destination, type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "noexec", ...options.split(",")] };
};

const mountsOf = ({ service, image, files, volumes }: ContainerOpts): readonly Mount[] => {
	for (const [path, folder] of Object.entries(volumes)) {
		// What Docker does with a new volume: it belongs to whom the image's folder belongs.
		const [uid = 0, gid = 0] = (image.folders[path] ?? "0:0").split(":").map(Number);
		chownSync(folder, uid, gid);
	}
	const all = [
		{ destination: "/proc", type: "proc", source: "proc", options: [] },
		{ destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] },
		{ destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "nodev", "mode=1777"] },
		bind("/usr", "/usr", "ro"),
		bind("/etc/ssl", "/etc/ssl", "ro"),
		...Object.entries(image.contents).map(([path, source]) => bind(path, source, "ro")),
		...service.tmpfs.map(temporary),
		...Object.entries(files).map(([path, source]) => bind(path, source, "ro")),
		...Object.entries(volumes).map(([path, source]) => bind(path, source, "rw")),
	];
	return all.map((mount) => ({ ...mount, destination: mount.destination.replace(/^\/var\/run\//, "/run/") }));
};

const specOf = (opts: ContainerOpts): object => ({
	ociVersion: "1.0.2",
	process: processOf(opts),
	root: { path: "rootfs", readonly: opts.service.read_only },
	hostname: opts.id,
	mounts: mountsOf(opts),
	linux: {
		// Beside the machine's own processes, a group counts as one of them however many it has.
		cgroupsPath: `/${opts.id}`,
		resources: { cpu: { shares: CPU_SHARES } },
		namespaces: [
			...["pid", "mount", "ipc", "uts"].map((type) => ({ type })),
			{ type: "network", path: opts.network.namespace },
		],
	},
});
