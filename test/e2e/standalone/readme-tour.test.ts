// The README's tour, pasted: plain `npm start` in a working tree of its own, at the ports that the README names.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { isFree } from "../../support/free-ports.ts";
import { makeLayout } from "../../support/oci-layout.ts";
import { findPart } from "../../support/parts.ts";
import { type ProgramEnd, runProgram } from "../../support/run-program.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const PORTS = [5080, 5081, 6550];
/** There is no internet where this runs. */
const IMAGE_OF_THE_INTERNET = "docker://docker.io/library/alpine:3.22";

/** The blocks of shell commands of a section. */
const blocksOf = (page: string, heading: string): readonly string[] => {
	const [section = ""] = page.slice(page.indexOf(`\n${heading}\n`) + 1).split(/\n(?=##? )/);
	return Array.from(section.matchAll(/^```sh\n(.*?)^```$/gms), ([, block = ""]) => block);
};

describe("the README's tour", () => {
	let folder: string;
	let env: Readonly<Record<string, string>>;
	let life: ChildProcess;
	let said = "";

	/** As a clone has it, but that what is built or fetched is not copied. */
	const makeWorkingTree = (): void => {
		for (const name of ["README.md", "package.json", "examples"])
			cpSync(join(root, name), join(folder, name), { recursive: true });
		for (const name of ["src", "node_modules"]) symlinkSync(join(root, name), join(folder, name));
	};

	const npmStart = async (): Promise<void> => {
		said = "";
		await eventually(async () => {
			for (const port of PORTS) assert.ok(await isFree(port), `port ${port} of the README is taken on this machine`);
		});
		// A group of its own, as a terminal gives it: Ctrl-C reaches all of it.
		life = spawn("npm", ["start"], { cwd: folder, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
		const keep = (data: Buffer): void => {
			said += data.toString();
		};
		life.stdout?.on("data", keep);
		life.stderr?.on("data", keep);
		await eventually(() => {
			assert.match(said, /^Limani is ready\.$[\s\S]*^ {2}kubectl describe /m);
		}, 120_000);
	};

	const endGroup = async (signal: NodeJS.Signals): Promise<void> => {
		if (life.pid === undefined || life.exitCode !== null || life.signalCode !== null) return;
		const exited = once(life, "exit");
		process.kill(-life.pid, signal);
		await exited;
	};

	/** As a supervisor does, which knows nothing of what npm starts. */
	const endNpm = async (): Promise<void> => {
		const exited = once(life, "exit");
		life.kill("SIGTERM");
		await exited;
	};

	const paste = (script: string): Promise<ProgramEnd> =>
		runProgram("bash", ["-e", "-o", "pipefail", "-c", script], { env, cwd: folder, timeoutMs: 300_000 });

	before(async () => {
		folder = mkdtempSync(join(tmpdir(), "limani-tour-"));
		const home = join(folder, "home");
		mkdirSync(home);
		const programs = ["kubectl", "skopeo"].map((name) => dirname(findPart(name) ?? `/${name}/is-missing`));
		const path = [...programs, process.env.PATH ?? ""].join(delimiter);
		env = { PATH: path, HOME: home, XDG_RUNTIME_DIR: home, TMPDIR: folder };
		makeWorkingTree();
		await npmStart();
	});
	after(async () => {
		await endGroup("SIGKILL");
		rmSync(folder, { recursive: true, force: true });
	});

	it("works as pasted, command by command", async () => {
		const blocks = blocksOf(readFileSync(join(folder, "README.md"), "utf8"), "### A tour");
		assert.ok(blocks.length >= 5);
		const layout = makeLayout(folder);
		const text = blocks.join("\n");
		assert.equal(text.split(IMAGE_OF_THE_INTERNET).length, 2);
		const { code, stdout, stderr } = await paste(text.replace(IMAGE_OF_THE_INTERNET, `oci:${layout.folder}:amd64`));
		assert.equal(code, 0, `${stdout}\n${stderr}\n${said}`);
		const refusals = text.split("|| echo refused\n").length - 1;
		assert.equal(stdout.match(/^refused$/gm)?.length, refusals);
		assert.match(stdout, /^registry\.limani\.dev\/default +http:\/\/127\.0\.0\.1:5080 +1 +True +serves/m);
		// Where it was pushed, at the second registry, and once more when everybody may see it.
		assert.equal(stdout.split(`"Digest": "${layout.images.amd64}"`).length, 4);
		assert.match(stdout, /^to-edge +default +0 \* \* \* \* +Succeeded +1 +0 +\S+Z +True +in force for 1 project/m);
		assert.match(stdout, /^tidy +default +0 3 \* \* \* +\S+Z +True +in force for 1 project/m);
		assert.match(stdout, /^what-if +default +Succeeded +1 +True +in force for 1 project/m);
		assert.match(stdout, /^team\/alpine \["3\.22"\]: no rule keeps it/m);
		assert.match(stdout, /^FIELD: rotation <Object>$/m);
		assert.match(stdout, /^ +Normal +CredentialIssued /m);
		assert.match(stderr, /conflict with "kubectl-edit" using limani\.dev\/v1alpha1: \.spec\.quota\.storage/);
		assert.match(stdout, /^shop +default +127\.0\.0\.1:5080\/shop +Private +True +.* team=shop$/m);
		assert.match(stdout, /^robotaccount\.limani\.dev "shop-ci" deleted/m);
		assert.match(stderr, /secrets "shop-ci" not found/);
		assert.match(stderr, /more than one replica needs database\.postgres \(or cloudNativePG\) and object storage/);
	});

	it("goes on where it was after Ctrl-C, when npm alone is told to end, and after a kill", async () => {
		const facts = async (): Promise<string> => {
			const { code, stdout, stderr } = await paste(
				[
					"export KUBECONFIG=$PWD/.limani/kubeconfig",
					"kubectl wait --for=condition=Ready registry,project,robotaccount,retentionpolicy,replicationpolicy --all --timeout=60s > waited.txt",
					"kubectl get registries,projects -o jsonpath='{.items[*].status.url}{\"\\n\"}'",
					"kubectl get secrets -o yaml",
					"kubectl get secret ci -o go-template='{{index .data \".dockerconfigjson\" | base64decode}}' > auth.json",
					"skopeo inspect --tls-verify=false --authfile auth.json docker://127.0.0.1:5080/team/alpine:3.22",
				].join("\n"),
			);
			assert.equal(code, 0, `${stderr}\n${said}`);
			return stdout;
		};
		const before = await facts();
		for (const end of [() => endGroup("SIGINT"), endNpm, () => endGroup("SIGKILL")]) {
			await end();
			await npmStart();
			assert.equal(await facts(), before, String(end));
		}
	});
});
