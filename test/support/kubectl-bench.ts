import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openTestApi, type TestApi } from "./embedded-api.ts";
import { findPart } from "./parts.ts";

/** How a program ended. */
export interface Ended {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

/** An embedded API with the programs that people use on it. */
export interface KubectlBench extends AsyncDisposable {
	readonly api: TestApi;
	/** What kubectl printed; its editor turns `flat` into `edited`. @throws Error when it failed */
	kubectl(...args: readonly string[]): Promise<string>;
	/** How kubectl ended, badly too. */
	attempt(...args: readonly string[]): Promise<Ended>;
	/** What helm printed. @throws Error when it failed */
	helm(...args: readonly string[]): Promise<string>;
	/** Runs kubectl until as many lines have come, twenty seconds at most, doing something once it has begun. */
	follow(lines: number, meanwhile: () => Promise<void>, ...args: readonly string[]): Promise<readonly string[]>;
	/** Writes a file; gives its path. */
	write(path: string, text: string): string;
}

const partOf = (name: string): string => {
	const found = findPart(name);
	if (found === undefined) throw new Error(`${name} is not on this machine: .ci/parts/kube installs it`);
	return found;
};

/** Opens an API in a new directory, and kubectl and helm with a home of their own. */
export const openKubectlBench = async (): Promise<KubectlBench> => {
	await using opening = new AsyncDisposableStack();
	const [kubectl, helm] = [partOf("kubectl"), partOf("helm")];
	const home = mkdtempSync(join(tmpdir(), "limani-kubectl-"));
	opening.defer(() => rmSync(home, { recursive: true, force: true }));
	const api = opening.use(await openTestApi());
	const env = {
		PATH: process.env.PATH ?? "",
		HOME: home,
		KUBECONFIG: join(api.directory, "kubeconfig"),
		EDITOR: "sed -i s/flat/edited/",
	};
	const run = (program: string, args: readonly string[]): Promise<Ended> =>
		new Promise((resolve) => {
			const limits = { env, cwd: home, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 };
			const child = execFile(program, args, limits, (error, stdout, stderr) =>
				resolve({ code: error === null ? 0 : (child.exitCode ?? 1), stdout, stderr }),
			);
		});
	const succeed = async (program: string, args: readonly string[]): Promise<string> => {
		const { code, stdout, stderr } = await run(program, args);
		if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
		return stdout;
	};
	const open = opening.move();
	return {
		api,
		kubectl: (...args) => succeed(kubectl, args),
		attempt: (...args) => run(kubectl, args),
		helm: (...args) => succeed(helm, args),
		async follow(lines, meanwhile, ...args) {
			const child = spawn(kubectl, args, { env, cwd: home, stdio: ["ignore", "pipe", "inherit"] });
			const timer = setTimeout(() => child.kill(), 20_000);
			let text = "";
			let begun: Promise<void> | undefined;
			for await (const chunk of child.stdout) {
				text += chunk;
				begun ??= meanwhile();
				if (text.split("\n").length > lines) break;
			}
			clearTimeout(timer);
			child.kill();
			await begun;
			return text.split("\n").slice(0, lines);
		},
		write(path, content) {
			const file = join(home, path);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, content);
			return file;
		},
		[Symbol.asyncDispose]: () => open.disposeAsync(),
	};
};
