import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { Agent, fetch } from "undici";
import { CONFIG_MAPS, configMap, openTestApi } from "../support/embedded-api.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const program = join(import.meta.dirname, "../support/embedded-api-process.ts");

test("what was answered is there after kill -9, and the counter only goes up", async (t) => {
	const directory = temporaryDirectory(t);
	const told = new Map<string, number>();
	for (let life = 0; life < 2; life++) {
		const child = spawn(process.execPath, [program, directory], { stdio: ["ignore", "pipe", "inherit"] });
		t.after(() => child.kill("SIGKILL"));
		const [line] = await once(createInterface(child.stdout), "line");
		const { url, ca, token }: { url: string; ca: string; token: string } = JSON.parse(String(line));
		const agent = new Agent({ connect: { ca }, allowH2: false });
		const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
		let answered = 0;
		const before = Math.max(0, ...told.values());
		const write = async (name: string): Promise<void> => {
			const body = JSON.stringify(configMap(name));
			const signal = AbortSignal.timeout(20_000);
			const response = await fetch(`${url}${CONFIG_MAPS}`, {
				method: "POST",
				headers,
				body,
				signal,
				dispatcher: agent,
			});
			const made: { metadata: { resourceVersion: string } } = Object(await response.json());
			assert.equal(response.status, 201);
			const version = Number(made.metadata.resourceVersion);
			assert.ok(version > before);
			told.set(name, version);
			if (++answered === 20) child.kill("SIGKILL");
		};
		await Promise.allSettled(Array.from({ length: 60 }, (_, at) => write(`life-${life}-${at}`)));
		if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
		assert.equal(child.signalCode, "SIGKILL");
		await agent.destroy();
	}
	assert.ok(told.size >= 40);
	await using api = await openTestApi({ directory });
	const { body } = await api.call("GET", CONFIG_MAPS);
	const { items }: { items: { metadata: { name: string; resourceVersion: string } }[] } = Object(body);
	const kept = new Map(items.map(({ metadata }) => [metadata.name, Number(metadata.resourceVersion)]));
	for (const [name, version] of told) assert.equal(kept.get(name), version, name);
});
