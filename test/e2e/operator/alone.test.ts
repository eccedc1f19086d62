// A registry as a cluster runs it: a process of its own, driven by an operator over its control port.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { RemoteControl } from "#/control/remote-control.ts";
import { NAMESPACES, SECRETS } from "#/kube/resource-type.ts";
import type { RegistryActuator } from "#/operator/registry/actuator.ts";
import { freePort } from "../../support/free-ports.ts";
import { COMPILE_CACHE } from "../../support/limani-command.ts";
import { type LimaniProcess, startLimani } from "../../support/limani-process.ts";
import { put } from "../../support/operator-operations.ts";
import { eventually, openWorld, type World } from "../../support/operator-world.ts";
import { runProgram } from "../../support/run-program.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const TOKEN = "a token of the operator's, long enough for it";
const soon = (): AbortSignal => AbortSignal.timeout(30_000);

/** Says of a registry that runs already that it runs. */
const actuatorOf = (url: string, control: RemoteControl): RegistryActuator => {
	const state = {
		url,
		replicas: 1,
		readyReplicas: 1,
		selector: "",
		version: "0.1.0",
		control,
		problem: undefined,
	};
	return {
		ensure: async () => state,
		observe: async () => state,
		remove: async () => undefined,
		subscribe: () => ({ [Symbol.dispose]: () => undefined }),
	};
};

/** Has the operator tell the registry of a project and of a robot. @returns the robot's credential, as pods take it */
const furnish = async (world: World): Promise<string> => {
	await put(world, NAMESPACES, "apps", {});
	await put(world, registryKind, "apps/main", { spec: {} });
	await put(world, projectKind, "apps/web", { spec: { registryRef: { name: "main" } } });
	const permissions = [{ project: "web", actions: ["pull", "push", "delete"] }];
	await put(world, robotAccountKind, "apps/ci", { spec: { registryRef: { name: "main" }, permissions } });
	let credential = "";
	await eventually(async () => {
		const secret = await world.user.find(SECRETS, { namespace: "apps", name: "ci" }, soon());
		credential = String(Object(secret?.data)[".dockerconfigjson"] ?? "");
		return credential === "" ? ["there is no credential yet"] : [];
	});
	return Buffer.from(credential, "base64").toString();
};

test("with the operator and the API server gone, a registry goes on with pulls and pushes of those it knows", async (t) => {
	const folder = temporaryDirectory(t);
	const [tokenFile, dockerConfig] = [join(folder, "token"), join(folder, "config.json")];
	writeFileSync(tokenFile, TOKEN);
	const port = await freePort();
	const control = `127.0.0.1:${await freePort()}`;
	const config = { control: { listen: control, tokenFile }, resources: undefined };
	await using stack = new AsyncDisposableStack();
	let limani: LimaniProcess = await startLimani({ dataDir: folder, port, config });
	stack.defer(() => limani.stop("SIGKILL"));
	const pushAndPull = () =>
		runProgram(
			process.execPath,
			["src/main.ts", "probe", "--url", limani.url, "--repository=web/probe", "--docker-config", dockerConfig],
			{ env: { PATH: process.env.PATH ?? "", ...COMPILE_CACHE }, cwd: root },
		);
	const succeeds = async (when: string) => {
		const { code, stderr } = await pushAndPull();
		assert.equal(code, 0, `${when}: ${stderr}`);
	};
	{
		using remote = new RemoteControl({ url: `http://${control}`, token: TOKEN });
		await using world = await openWorld({ speed: 1, watched: false, actuator: actuatorOf(limani.url, remote) });
		writeFileSync(dockerConfig, await furnish(world));
		await eventually(async () => ((await pushAndPull()).code === 0 ? [] : ["the robot cannot push yet"]));
	}
	await succeeds("with neither operator nor API server");
	await limani.stop("SIGKILL");
	limani = await startLimani({ dataDir: folder, port, config });
	await succeeds("killed and started again on its own");
	await succeeds("and once more");
});
