import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { freePort } from "../../test/support/free-ports.ts";
import { ADMIN, ADMIN_AUTHORIZATION } from "../../test/support/limani-process.ts";
import { startChild } from "./child.ts";
import type { Server } from "./server.ts";

/** How to run Limani. */
export interface LimaniServerOpts {
	readonly folder: string;
	/** Names of the projects to have. */
	readonly projects: readonly string[];
	/** Names of repositories that the token is for. */
	readonly repositories: readonly string[];
	/** Where a CPU profile goes when it ends; absent: none is taken. */
	readonly profileTo: string | undefined;
}

/** `limani registry` in one process over SQLite and files, as by default. */
export const startLimaniServer = async (opts: LimaniServerOpts): Promise<Server & { readonly dataDir: string }> => {
	const { folder, projects, repositories, profileTo } = opts;
	const port = await freePort();
	const dataDir = join(folder, "limani");
	mkdirSync(dataDir, { recursive: true });
	const config = join(folder, "limani.yaml");
	const document = {
		listen: `127.0.0.1:${port}`,
		dataDir,
		// The run is longer than a token lives by default, and one token serves all of it.
		auth: { tokenLifetime: "24h" },
		resources: {
			projects: projects.map((name) => ({ name })),
			users: [{ name: ADMIN.user, password: ADMIN.password, admin: true }],
		},
	};
	writeFileSync(config, stringify(document));
	const profiling = profileTo === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileTo}`];
	const child = await startChild({
		command: [process.execPath, ...profiling, "src/main.ts", "registry", "--config", config],
		logFile: join(folder, "limani.log"),
		probe: `http://127.0.0.1:${port}/readyz`,
	});
	return {
		name: "limani",
		kind: "limani",
		port,
		dataDir,
		pid: child.pid,
		remark: "one process, SQLite and files, Bearer tokens, metrics, access log into a file",
		authorization: `Bearer ${await getToken(port, repositories)}`,
		[Symbol.asyncDispose]: () => child.stop(),
	};
};

const getToken = async (port: number, repositories: readonly string[]): Promise<string> => {
	const url = new URL(`http://127.0.0.1:${port}/token?service=limani&scope=registry:catalog:*`);
	for (const name of repositories) url.searchParams.append("scope", `repository:${name}:pull,push`);
	const response = await fetch(url, { headers: { authorization: ADMIN_AUTHORIZATION } });
	const answer: unknown = await response.json();
	if (typeof answer !== "object" || answer === null || !("token" in answer) || typeof answer.token !== "string") {
		throw new Error(`no token: ${response.status} ${JSON.stringify(answer)}`);
	}
	return answer.token;
};
