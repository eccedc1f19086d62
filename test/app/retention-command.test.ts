import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { retentionReport } from "#/api/retention-report.ts";
import { hashPassword } from "#/auth/passwords.ts";
import { RemoteControl } from "#/control/remote-control.ts";
import { digestOf } from "#/oci/digest.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-ports.ts";
import { HttpClient } from "../support/http-client.ts";
import { limaniCommand } from "../support/limani-command.ts";
import { ADMIN, ADMIN_AUTHORIZATION, startLimani } from "../support/limani-process.ts";
import { forever } from "../support/registry.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const TOKEN = "the control token";

/** Applies what the tests have, with a policy that keeps the last one that was pushed. */
const applyAll = async (url: string, spec: object): Promise<void> => {
	using control = new RemoteControl({ url, token: TOKEN });
	const { epoch, base } = await control.begin({ holder: "test" }, forever);
	const passwordHash = await hashPassword(ADMIN.password);
	const policy = { name: "ns/tidy", projects: { uids: ["1"] }, rules: [{ name: "last", keep: { latestPushed: 1 } }] };
	const upserts = [
		{ kind: "Project" as const, uid: "1", generation: 1, spec: { name: "team" } },
		{ kind: "User" as const, uid: "2", generation: 1, spec: { name: ADMIN.user, passwordHash, admin: true } },
		{ kind: "RetentionPolicy" as const, uid: "3", generation: 1, spec: { ...policy, ...spec } },
	];
	assert.ok("base" in (await control.apply({ epoch, base, upserts, deletes: [] }, forever)));
};

const reportOf = async (url: string) => {
	using control = new RemoteControl({ url, token: TOKEN });
	const { changes } = await control.observe({ cursor: 0, limit: 100 }, forever);
	return retentionReport.parse(changes.findLast(({ uid }) => uid === "3")?.report);
};

/** Pushes an image with this tag. @returns its digest */
const pushTagged = async (client: HttpClient, tag: string): Promise<string> => {
	const blob = Buffer.from("{}");
	const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf(blob), size: 2 };
	const mediaType = "application/vnd.oci.image.manifest.v1+json";
	const annotations = { tag };
	const payload = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [], annotations }));
	const path = `/v2/team/r/blobs/uploads/?digest=${config.digest}`;
	assert.equal((await client.call({ method: "POST", path, body: [blob] }))?.status, 201);
	const headers = { "Content-Type": mediaType };
	const put = await client.call({ method: "PUT", path: `/v2/team/r/manifests/${tag}`, headers, body: [payload] });
	assert.equal(put?.status, 201);
	return digestOf(payload);
};

test("a policy is explained and run, over the control port and on the database", { timeout: 180_000 }, async (t) => {
	const dataDir = temporaryDirectory(t);
	const tokenFile = join(dataDir, "token");
	writeFileSync(tokenFile, TOKEN);
	const controlPort = await freePort();
	const url = `http://127.0.0.1:${controlPort}`;
	const config = { resources: undefined, control: { listen: `127.0.0.1:${controlPort}`, tokenFile } };
	const remote = ["--control", url, "--token-file", tokenFile];
	const digests: string[] = [];
	{
		await using limani = await startLimani({ dataDir, config });
		await applyAll(url, {});
		using client = new HttpClient(limani.url, ADMIN_AUTHORIZATION);
		for (const tag of ["v1", "v2", "v3"]) digests.push(await pushTagged(client, tag));
		const told = await limaniCommand(dataDir, "retention", "explain", "--policy", "ns/tidy");
		assert.equal(told.code, 0, told.output);
		const lines = told.output.trim().split("\n");
		assert.equal(lines.at(-1), "1 stay, 2 go");
		assert.ok(lines.includes(`stays  team/r@${digests[2]}  v3  rule last: it is among the 1 pushed last`), told.output);
		const going = `goes   team/r@${digests[0]}  v1  no rule keeps it: for last it is not among the 1 pushed last`;
		assert.ok(lines.includes(going), told.output);
		const only = await limaniCommand(dataDir, "retention", "explain", "--policy", "3", "--going", ...remote);
		assert.deepEqual(
			only.output.trim().split("\n").toSorted(),
			lines.filter((line) => !line.startsWith("stays")).toSorted(),
		);
		const ran = await limaniCommand(dataDir, "retention", "run", "--policy", "ns/tidy", ...remote);
		assert.match(ran.output, /^Succeeded: removed 2 of 3 artifacts \(\d+ bytes\) in 1 repository\n$/);
		assert.equal(ran.code, 0);
		const gone = await client.call({ method: "GET", path: "/v2/team/r/manifests/v1" });
		assert.equal(gone?.status, 404);
		assert.equal((await client.call({ method: "GET", path: "/v2/team/r/manifests/v3" }))?.status, 200);
		const report = await reportOf(url);
		assert.deepEqual(
			[report.runs[0]?.trigger, report.runs[0]?.outcome, report.runs[0]?.removed],
			["Command", "Succeeded", 2],
		);
		assert.equal(report.explain.length, 2);
		for (const tag of ["v1", "v4"]) digests.push(await pushTagged(client, tag));
		await applyAll(url, { requestedAt: "now" });
		await eventually(async () => assert.equal((await reportOf(url)).handledRequest, "now"));
		assert.deepEqual(
			(await reportOf(url)).runs.map(({ trigger, removed }) => [trigger, removed]),
			[
				["Request", 2],
				["Command", 2],
			],
		);
		const text = await (await fetch(`${limani.url}/metrics`)).text();
		assert.match(text, /limani_retention_runs_total\{outcome="Succeeded"\} 2/);
		assert.match(text, /limani_retention_removed_total 4/);
		await limani.stop("SIGTERM");
	}
	const ran = await limaniCommand(dataDir, "retention", "run", "--policy", "ns/tidy");
	assert.deepEqual(ran, { code: 0, output: "Succeeded: removed nothing of 1 artifacts\n" });
	const unknown = await limaniCommand(dataDir, "retention", "run", "--policy", "ns/none");
	assert.equal(unknown.code, 1);
	assert.match(unknown.output, /there is no RetentionPolicy ns\/none/);
	const restored = await limaniCommand(dataDir, "restore", `team/r@${digests[1]}`);
	assert.match(restored.output, /^restored: team\/r@.*\nrestored: team\/r:v2, at /);
});

test("what cannot be meant is said", async (t) => {
	const dataDir = temporaryDirectory(t);
	for (const [args, says] of [
		[["explain"], /--policy: expected NAMESPACE\/NAME or a uid/],
		[["--policy", "a/b"], /expected explain or run/],
		[["run", "--policy", "a/b", "--going"], /go with explain/],
	] as const) {
		const { code, output } = await limaniCommand(dataDir, "retention", ...args);
		assert.equal(code, 1);
		assert.match(output, says);
	}
});
