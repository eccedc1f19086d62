// Real clients against a registry of their own, each with a home that goes with the test.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { type LimaniProcess, startLimani } from "./limani-process.ts";
import { type MadeLayout, makeLayout } from "./oci-layout.ts";
import { requirePart } from "./parts.ts";

const run = promisify(execFile);

/** A developer of the project `team`, and a robot that may do the same. */
export const DEVELOPER = { user: "dev", password: "a-password-of-dev" };
export const ROBOT = { user: "robot$ci", password: "a-secret-of-the-robot-of-ci" };

/** How a client ended. */
export interface Ended {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

/** A registry, an image, and a place for clients. */
export interface ClientBench extends AsyncDisposable {
	readonly limani: LimaniProcess;
	readonly layout: MadeLayout;
	readonly folder: string;
	/** The path of a client; undefined when it is not here, in which case the test was skipped. */
	find(test: TestContext, client: string): string | undefined;
	/** Runs a client that must succeed; what it printed, trimmed. */
	call(program: string, ...args: readonly string[]): Promise<string>;
	/** Runs a client that may fail. */
	attempt(program: string, ...args: readonly string[]): Promise<Ended>;
	/** The digest under which the registry has a reference, such as `team/app:1`. */
	digestOf(reference: string): Promise<string | null>;
}

/** Starts a registry with the given number of processes, and makes an image. */
export const openClientBench = async (workers: number): Promise<ClientBench> => {
	const folder = mkdtempSync(join(tmpdir(), "limani-clients-"));
	const limani = await startLimani({ config: { workers, resources: RESOURCES } });
	const home = join(folder, "home");
	mkdirSync(home);
	const env = {
		PATH: process.env.PATH,
		HOME: home,
		XDG_RUNTIME_DIR: home,
		DOCKER_CONFIG: join(home, "docker"),
		REGCTL_CONFIG: join(home, "regctl.json"),
		REGISTRY_AUTH_FILE: join(home, "auth.json"),
		COSIGN_PASSWORD: "",
		TMPDIR: folder,
	};
	const attempt = async (program: string, ...args: readonly string[]): Promise<Ended> => {
		try {
			const { stdout, stderr } = await run(program, [...args], { env, cwd: folder, timeout: 120_000 });
			return { code: 0, stdout: stdout.trim(), stderr: stderr.trim() };
		} catch (error) {
			if (typeof error !== "object" || error === null || !("stdout" in error) || !("stderr" in error)) throw error;
			const code = "code" in error && typeof error.code === "number" ? error.code : -1;
			return { code, stdout: String(error.stdout).trim(), stderr: String(error.stderr).trim() };
		}
	};
	return {
		limani,
		folder,
		layout: makeLayout(folder),
		find: requirePart,
		attempt,
		async call(program, ...args) {
			const ended = await attempt(program, ...args);
			if (ended.code === 0) return ended.stdout;
			throw new Error(`${program} ${args.join(" ")} ended with ${ended.code}:\n${ended.stdout}\n${ended.stderr}`);
		},
		digestOf: (reference) => digestOf(limani.url, reference),
		async [Symbol.asyncDispose]() {
			await limani[Symbol.asyncDispose]();
			rmSync(folder, { recursive: true, force: true });
		},
	};
};

const digestOf = async (url: string, reference: string): Promise<string | null> => {
	const at = reference.includes("@") ? reference.indexOf("@") : reference.lastIndexOf(":");
	const target = `${url}/v2/${reference.slice(0, at)}/manifests/${reference.slice(at + 1)}`;
	const authorization = `Basic ${Buffer.from(`${DEVELOPER.user}:${DEVELOPER.password}`).toString("base64")}`;
	const response = await fetch(target, { method: "HEAD", headers: { authorization } });
	return response.headers.get("docker-content-digest");
};

const RESOURCES = {
	projects: [
		{ name: "team", members: [{ name: DEVELOPER.user, role: "maintainer" }] },
		{ name: "library", visibility: "Public", members: [{ name: DEVELOPER.user, role: "developer" }] },
		{ name: "other" },
	],
	users: [{ name: DEVELOPER.user, password: DEVELOPER.password }],
	robots: [
		{
			name: "ci",
			secret: ROBOT.password,
			permissions: [{ project: "team", actions: ["pull", "push"] }],
		},
	],
};
