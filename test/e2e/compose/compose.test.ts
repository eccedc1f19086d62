// The project of examples/compose, as docker compose reads it and with the commands and the environment that it says.
import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createAuthority } from "../../support/certificates.ts";
import { askOnAndOn } from "../../support/compose/ask-on.ts";
import { compose } from "../../support/compose/command.ts";
import { type ComposeProject, readProject } from "../../support/compose/model.ts";
import { RunningProject } from "../../support/compose/project.ts";
import { freePorts } from "../../support/free-ports.ts";
import { type MadeLayout, makeLayout } from "../../support/oci-layout.ts";
import { skipWithout } from "../../support/parts.ts";
import { outputOf, runProgram } from "../../support/run-program.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const example = join(root, "examples", "compose");
const PATH = { PATH: process.env.PATH ?? "" };
const skip = skipWithout("docker-compose", "haproxy", "runc", "postgres", "minio", "skopeo");

/** A command line, which must be in the documentation. */
const documented = (line: string): string => {
	const text = readFileSync(join(root, "docs", "compose.md"), "utf8");
	assert.ok(text.includes(`\`${line}\``), `docs/compose.md does not say ${line}`);
	return line;
};

describe("the project of examples/compose", { skip }, () => {
	let folder: string;
	let project: ComposeProject;
	let port: number;
	let ca: string;
	before(async () => {
		folder = mkdtempSync(join(tmpdir(), "limani-compose-"));
		cpSync(example, join(folder, "example"), { recursive: true });
		port = await freePorts(2);
		const at = join(folder, "example");
		outputOf("make-secrets.sh", await runProgram(join(at, "make-secrets.sh"), [], { cwd: folder, env: PATH }));
		const authority = createAuthority();
		const { cert, key } = authority.issue();
		ca = join(folder, "ca.pem");
		writeFileSync(ca, authority.ca);
		writeFileSync(join(at, "secrets", "tls.pem"), `${cert}${key}`, { mode: 0o440 });
		project = await readProject(at, ["compose.yaml", "tls.yaml"], {
			LIMANI_PORT: String(port),
			LIMANI_TLS_ADDRESS: "127.0.0.1",
			LIMANI_TLS_PORT: String(port + 1),
			LIMANI_EXTERNAL_URL: `http://127.0.0.1:${port}`,
		});
	});
	after(() => rmSync(folder, { recursive: true, force: true }));

	const secret = (name: string): string => readFileSync(join(folder, "example", "secrets", name), "utf8").trim();

	it("is the same without .env as with the example of it, but that it asks for secrets first", async () => {
		const bare = join(folder, "bare");
		cpSync(example, bare, { recursive: true });
		await assert.rejects(readProject(bare), /run \.\/make-secrets\.sh first/);
		const group = { SECRETS_GROUP: "1000" };
		const without = await readProject(bare, ["compose.yaml"], group);
		copyFileSync(join(bare, ".env.example"), join(bare, ".env"));
		assert.deepEqual(await readProject(bare, ["compose.yaml"], group), without);
	});

	it("gives no container more than it needs, and shows itself to this machine alone", () => {
		for (const [name, service] of Object.entries(project.services)) {
			assert.equal(service.read_only, true, name);
			assert.deepEqual(service.cap_drop, ["ALL"], name);
			assert.deepEqual(service.security_opt, ["no-new-privileges:true"], name);
			assert.ok(service.restart === "unless-stopped" || name === "bucket", name);
			assert.ok(
				service.ports.every(({ host_ip }) => host_ip === "127.0.0.1"),
				name,
			);
			for (const value of Object.values(service.environment)) assert.doesNotMatch(value ?? "", /:\/\/[^/]*@/, name);
		}
		assert.deepEqual(project.networks, { front: { internal: false }, back: { internal: true } });
	});

	it("has TLS for others only where tls.yaml is beside it", async () => {
		const portsOf = async (...files: readonly string[]) =>
			(await readProject(join(folder, "example"), files)).services.proxy?.ports.map(
				({ host_ip, published, target }) => `${host_ip}:${published}:${target}`,
			);
		assert.deepEqual(await portsOf("compose.yaml"), ["127.0.0.1:5080:5080"]);
		assert.deepEqual(await portsOf("compose.yaml", "tls.yaml"), ["127.0.0.1:5080:5080", "0.0.0.0:443:5443"]);
	});

	it("makes its secrets once", async () => {
		const before = secret("master-key");
		const again = await runProgram(join(folder, "example", "make-secrets.sh"), [], { cwd: folder, env: PATH });
		assert.equal(again.code, 1);
		assert.match(again.stderr, /secrets are made once/);
		assert.equal(secret("master-key"), before);
	});

	describe("when it is up", () => {
		let running: RunningProject;
		let layout: MadeLayout;
		before(async () => {
			layout = makeLayout(folder);
			running = new RunningProject(project, folder);
			await running.up();
		});
		after(async () => running?.[Symbol.asyncDispose]());

		const skopeo = async (...args: readonly string[]) =>
			await runProgram("skopeo", ["--insecure-policy", "copy", ...args], {
				cwd: folder,
				env: { ...PATH, HOME: folder },
			});
		const push = async (reference: string, architecture: "amd64" | "arm64"): Promise<void> => {
			const to = ["--dest-tls-verify=false", `--dest-creds=admin:${secret("admin-password")}`];
			const target = `docker://127.0.0.1:${port}/${reference}`;
			outputOf("push", await skopeo(...to, `oci:${layout.folder}:${architecture}`, target));
		};
		/** Pulls it whole; skopeo compares each digest. */
		const assertPulled = async (reference: string, architecture: "amd64" | "arm64"): Promise<void> => {
			const to = mkdtempSync(join(folder, "pulled-"));
			const from = ["--src-tls-verify=false", `--src-creds=admin:${secret("admin-password")}`];
			outputOf("pull", await skopeo(...from, `docker://127.0.0.1:${port}/${reference}`, `dir:${to}`));
			const digest = layout.images[architecture] ?? "";
			const pushed = readFileSync(join(layout.folder, "blobs", "sha256", digest.slice(7)));
			assert.deepEqual(readFileSync(join(to, "manifest.json")), pushed);
		};

		it("takes images and gives them back", async () => {
			await push("library/app:1", "amd64");
			await assertPulled("library/app:1", "amd64");
		});

		it("speaks TLS with the certificate that it was given", async () => {
			const args = ["--silent", "--show-error", "--cacert", ca, "--write-out", "%{http_code} %{http_version}"];
			const url = `https://127.0.0.1:${port + 1}/v2/`;
			const asked = await runProgram("curl", [...args, "--output", "/dev/null", url], { cwd: folder, env: PATH });
			assert.equal(outputOf("curl", asked), "401 2");
		});

		it("confines its processes as it says", async () => {
			assert.notEqual(await running.exec("limani", "node", "-e", "require('fs').writeFileSync('/app/x', '')"), 0);
			assert.notEqual(await running.exec("s3", "sh", "-c", "echo > /etc/x"), 0);
			const reaches = (host: string) => `require('net').connect(5432, '${host}').on('connect', () => process.exit(0))`;
			assert.equal(await running.exec("limani", "node", "-e", reaches("postgres")), 0);
			assert.notEqual(await running.exec("proxy", "sh", "-c", "exec 3<>/dev/tcp/postgres/5432"), 0);
		});

		it("goes on with the other replica when one is killed, and the killed one comes back", async () => {
			await running.kill("limani", 0);
			await assertPulled("library/app:1", "amd64");
			await push("team/app:2", "arm64");
			await running.untilHealthy("limani");
			await running.kill("limani", 1);
			await assertPulled("team/app:2", "arm64");
			await running.untilHealthy("limani");
		});

		it("has as many replicas as docs/compose.md tells to ask for, and fewer again, and no request fails meanwhile", async () => {
			using asking = askOnAndOn(`http://127.0.0.1:${port}/v2/library/app/manifests/1`, secret("admin-password"));
			await asking.more(5);
			await compose(running, documented("docker compose up --detach --scale limani=3"));
			assert.equal(running.count("limani"), 3);
			await asking.more(20);
			// The update without a stop: new ones beside the old, which are stopped then.
			await compose(running, documented("docker compose up --detach --no-recreate --scale limani=4"));
			assert.equal(running.count("limani"), 4);
			for (let old = 0; old < 2; old++) await running.stop("limani", 0);
			assert.equal(running.count("limani"), 2);
			await asking.more(20);
			await asking.stop();
			assert.deepEqual(asking.failed, [], `of ${asking.answered} that were answered`);
			await push("team/app:scaled", "amd64");
			await assertPulled("team/app:scaled", "amd64");
		});

		it("runs an offline tool beside the replicas, as docs/compose.md tells", async () => {
			const line = documented("docker compose run --rm limani verify --config /etc/limani/registry.yaml");
			const verified = await compose(running, line);
			assert.equal(verified.code, 0, verified.output);
			assert.match(verified.output, /^store default: \d+ objects, .* 0 findings$/m);
			const other = await compose(running, line.replace("registry.yaml", "other.yaml"));
			assert.notEqual(other.code, 0, "its exit code is the command's");
		});

		it("makes backups once registry.yaml has the lines of docs/compose.md", async () => {
			const line = documented("docker compose run --rm limani backup --config /etc/limani/registry.yaml");
			assert.match((await compose(running, line)).output, /backup: nothing given/);
			const page = readFileSync(join(root, "docs", "compose.md"), "utf8");
			const [, lines = ""] = /```yaml\n(backup:\n[^`]*)```/.exec(page) ?? assert.fail("no lines of backup");
			appendFileSync(join(folder, "example", "registry.yaml"), lines);
			const made = await compose(running, line);
			assert.equal(made.code, 0, made.output);
			assert.match(made.output, /: as of \S+, [1-9]\d* blobs, /);
			const listing = documented("docker compose run --rm limani backup --list --config /etc/limani/registry.yaml");
			const listed = await compose(running, listing);
			assert.equal(listed.output.trim(), made.output.trim());
			// The archive is none of the registry's own blobs.
			const verified = await compose(running, line.replace("backup --config", "verify --config"));
			assert.equal(verified.code, 0, verified.output);
		});

		it("has everything again when all of it was killed at once", async () => {
			await Promise.all([
				...["proxy", "postgres", "s3"].map((name) => running.kill(name)),
				...[0, 1].map((index) => running.kill("limani", index)),
			]);
			for (const name of ["postgres", "s3", "limani"]) await running.untilHealthy(name);
			await assertPulled("library/app:1", "amd64");
			await assertPulled("team/app:2", "arm64");
		});

		it("has everything again after down and up, and takes more", async () => {
			await running.down();
			await running.up();
			await assertPulled("library/app:1", "amd64");
			await assertPulled("team/app:2", "arm64");
			await push("team/app:3", "amd64");
			await assertPulled("team/app:3", "amd64");
		});
	});
});
