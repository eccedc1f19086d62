// Another registry than ours, as its users run it, over a folder of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-ports.ts";

/** A running registry that asks nobody who he is. */
export interface RegistryPeer extends AsyncDisposable {
	readonly url: string;
	/** Ends it; its data stay until it is disposed of. */
	stop(): Promise<void>;
	/** Starts it again where it was. */
	start(): Promise<void>;
}

/** Starts a `distribution` of any version; it may delete. */
export const startPeer = async (program: string): Promise<RegistryPeer> => {
	const folder = mkdtempSync(join(tmpdir(), "limani-peer-"));
	const port = await freePort();
	const config = join(folder, "config.yml");
	const root = join(folder, "data");
	mkdirSync(root);
	writeFileSync(
		config,
		JSON.stringify({
			version: 0.1,
			log: { level: "error", accesslog: { disabled: true } },
			storage: { filesystem: { rootdirectory: root }, delete: { enabled: true } },
			http: { addr: `127.0.0.1:${port}` },
		}),
	);
	const url = `http://127.0.0.1:${port}`;
	let stop = async (): Promise<void> => undefined;
	const start = async (): Promise<void> => {
		const env = { ...process.env, OTEL_TRACES_EXPORTER: "none" };
		const child = spawn(program, ["serve", config], { stdio: "ignore", env });
		const exited = once(child, "exit");
		stop = async () => {
			if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
			await exited;
		};
		await eventually(async () => {
			const answer = await fetch(`${url}/v2/`);
			if (!answer.ok) throw new Error(`it answers ${answer.status}`);
		});
	};
	await start();
	return {
		url,
		start,
		stop: () => stop(),
		async [Symbol.asyncDispose]() {
			await stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
};
