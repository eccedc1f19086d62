import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ClientBench, DEVELOPER, openClientBench, ROBOT } from "./client-bench.ts";

const DEV = `${DEVELOPER.user}:${DEVELOPER.password}`;

/** Round trips of the clients that people use, against a registry with so many processes. */
export const clientSuite = (workers: number): void => {
	describe(`clients, with ${workers} process${workers === 1 ? "" : "es"}`, () => {
		let bench: ClientBench;
		before(async () => {
			bench = await openClientBench(workers);
		});
		after(() => bench[Symbol.asyncDispose]());

		/** Puts the image of amd64 at a reference by skopeo, for clients that only pull. */
		const seed = async (skopeo: string, reference: string): Promise<void> => {
			const from = `oci:${bench.layout.folder}:amd64`;
			const to = `docker://${bench.limani.address}/${reference}`;
			await bench.call(skopeo, "--insecure-policy", "copy", "--dest-tls-verify=false", "--dest-creds", DEV, from, to);
		};
		const address = (): string => bench.limani.address;

		it("skopeo copies images and whole indexes in and out, every digest equal", async (test) => {
			const skopeo = bench.find(test, "skopeo");
			if (skopeo === undefined) return;
			const { folder, images, index } = bench.layout;
			const to = `docker://${address()}/team/skopeo`;
			const copy = ["--insecure-policy", "copy", "--dest-tls-verify=false", "--dest-creds", DEV];
			await bench.call(skopeo, ...copy, `oci:${folder}:amd64`, `${to}:one`);
			await bench.call(skopeo, ...copy, "--all", `oci:${folder}:all`, `${to}:all`);
			assert.equal(await bench.digestOf("team/skopeo:one"), images.amd64);
			assert.equal(await bench.digestOf("team/skopeo:all"), index);
			const out = ["--insecure-policy", "copy", "--src-tls-verify=false", "--src-creds", DEV, "--all"];
			const layout = join(bench.folder, "skopeo-out");
			await bench.call(skopeo, ...out, `${to}:all`, `oci:${layout}:all`);
			const listed: unknown = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
			assert.match(JSON.stringify(listed), new RegExp(index));
			for (const digest of Object.values(images)) {
				assert.ok(existsSync(join(layout, "blobs", "sha256", digest.slice("sha256:".length))));
			}
		});

		it("crane logs in, pulls what another client pushed, copies within the registry and lists", async (test) => {
			const crane = bench.find(test, "crane");
			const skopeo = bench.find(test, "skopeo");
			if (crane === undefined || skopeo === undefined) return;
			await seed(skopeo, "team/crane:one");
			const { user, password } = DEVELOPER;
			await bench.call(crane, "auth", "login", address(), "-u", user, "-p", password);
			assert.equal(await bench.call(crane, "digest", `${address()}/team/crane:one`), bench.layout.images.amd64);
			await bench.call(crane, "copy", `${address()}/team/crane:one`, `${address()}/team/crane/copy:two`);
			assert.equal(await bench.digestOf("team/crane/copy:two"), bench.layout.images.amd64);
			const out = join(bench.folder, "crane-out");
			await bench.call(crane, "pull", "--format=oci", `${address()}/team/crane/copy:two`, out);
			await bench.call(crane, "push", out, `${address()}/team/crane:three`);
			assert.deepEqual((await bench.call(crane, "ls", `${address()}/team/crane`)).split("\n"), ["one", "three"]);
			assert.match(await bench.call(crane, "catalog", address()), /^team\/crane\/copy$/m);
			await bench.call(crane, "delete", `${address()}/team/crane:three`);
			assert.equal(await bench.call(crane, "ls", `${address()}/team/crane`), "one");
		});

		it("oras pushes an artifact, attaches to it and finds what is attached", async (test) => {
			const oras = bench.find(test, "oras");
			if (oras === undefined) return;
			const { user, password } = DEVELOPER;
			await bench.call(oras, "login", "--plain-http", "-u", user, "-p", password, address());
			writeFileSync(join(bench.folder, "model.bin"), "a model");
			writeFileSync(join(bench.folder, "sbom.json"), '{"sbom":true}');
			const artifact = `${address()}/team/oras:one`;
			const type = ["--artifact-type", "application/vnd.example.model"];
			await bench.call(oras, "push", "--plain-http", ...type, artifact, "model.bin:text/plain");
			const sbom = ["--artifact-type", "application/spdx+json"];
			await bench.call(oras, "attach", "--plain-http", ...sbom, artifact, "sbom.json");
			const tree = await bench.call(oras, "discover", "--plain-http", "--format", "json", artifact);
			assert.match(tree, /application\/spdx\+json/);
			await bench.call(
				oras,
				"copy",
				"-r",
				"--from-plain-http",
				"--to-plain-http",
				artifact,
				`${address()}/team/oras2:one`,
			);
			assert.equal(await bench.digestOf("team/oras2:one"), await bench.digestOf("team/oras:one"));
			await bench.call(oras, "pull", "--plain-http", "-o", join(bench.folder, "oras-out"), artifact);
			assert.equal(readFileSync(join(bench.folder, "oras-out", "model.bin"), "utf8"), "a model");
		});

		it("regctl copies an index and a layout, every digest equal", async (test) => {
			const regctl = bench.find(test, "regctl");
			if (regctl === undefined) return;
			const { user, password } = DEVELOPER;
			await bench.call(regctl, "registry", "set", "--tls", "disabled", address());
			await bench.call(regctl, "registry", "login", "-u", user, "-p", password, address());
			await bench.call(regctl, "image", "copy", `ocidir://${bench.layout.folder}:all`, `${address()}/team/regctl:all`);
			assert.equal(await bench.digestOf("team/regctl:all"), bench.layout.index);
			await bench.call(regctl, "image", "copy", `${address()}/team/regctl:all`, `${address()}/team/regctl/two:all`);
			const head = await bench.call(regctl, "manifest", "head", `${address()}/team/regctl/two:all`);
			assert.equal(head, bench.layout.index);
			const out = join(bench.folder, "regctl-out");
			await bench.call(regctl, "image", "copy", `${address()}/team/regctl/two:all`, `ocidir://${out}:all`);
			assert.match(readFileSync(join(out, "index.json"), "utf8"), new RegExp(bench.layout.index));
		});

		it("cosign signs an image and verifies it, and refuses another key", async (test) => {
			const cosign = bench.find(test, "cosign");
			const skopeo = bench.find(test, "skopeo");
			if (cosign === undefined || skopeo === undefined) return;
			await seed(skopeo, "team/cosign:one");
			const image = `${address()}/team/cosign@${bench.layout.images.amd64}`;
			await bench.call(cosign, "generate-key-pair", "--output-key-prefix", "signer");
			await bench.call(cosign, "generate-key-pair", "--output-key-prefix", "stranger");
			const { user, password } = DEVELOPER;
			await bench.call(cosign, "login", address(), "-u", user, "-p", password);
			const offline = ["--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry"];
			await bench.call(cosign, "sign", "-y", "--key", "signer.key", ...offline, image);
			const verify = ["verify", "--insecure-ignore-tlog", "--allow-http-registry"];
			await bench.call(cosign, ...verify, "--key", "signer.pub", image);
			assert.notEqual((await bench.attempt(cosign, ...verify, "--key", "stranger.pub", image)).code, 0);
		});

		for (const engine of ["podman", "buildah"]) {
			it(`${engine} logs in, pulls and pushes`, async (test) => {
				const program = bench.find(test, engine);
				const skopeo = bench.find(test, "skopeo");
				if (program === undefined || skopeo === undefined) return;
				await seed(skopeo, `team/${engine}:one`);
				const storage = ["--root", join(bench.folder, engine), "--runroot", join(bench.folder, `${engine}-run`)];
				const global = [...storage, "--storage-driver", "vfs"];
				const { user, password } = DEVELOPER;
				await bench.call(program, ...global, "login", "--tls-verify=false", "-u", user, "-p", password, address());
				const image = `${address()}/team/${engine}`;
				await bench.call(program, ...global, "pull", "--tls-verify=false", `${image}:one`);
				await bench.call(program, ...global, "push", "--tls-verify=false", `${image}:one`, `docker://${image}:two`);
				assert.notEqual(await bench.digestOf(`team/${engine}:two`), null);
				await bench.call(program, ...global, "pull", "--tls-verify=false", `${image}:two`);
			});
		}

		it("containerd pulls an image and pushes it again, the digest equal", async (test) => {
			const ctr = bench.find(test, "ctr");
			const containerd = bench.find(test, "containerd");
			const skopeo = bench.find(test, "skopeo");
			if (ctr === undefined || containerd === undefined || skopeo === undefined) return;
			await seed(skopeo, "team/ctr:one");
			await using daemon = await startContainerd(containerd, bench.folder);
			const images = ["-a", daemon.socket, "images"];
			const login = ["--plain-http", "--user", DEV];
			const image = `${address()}/team/ctr`;
			await bench.call(ctr, ...images, "pull", ...login, "--snapshotter", "native", `${image}:one`);
			await bench.call(ctr, ...images, "tag", `${image}:one`, `${image}:two`);
			await bench.call(ctr, ...images, "push", ...login, `${image}:two`);
			assert.equal(await bench.digestOf("team/ctr:two"), bench.layout.images.amd64);
		});

		it("a robot pushes where it may and nowhere else; a wrong password is told as such", async (test) => {
			const skopeo = bench.find(test, "skopeo");
			if (skopeo === undefined) return;
			const copy = (login: string, reference: string) =>
				bench.attempt(
					...([skopeo, "--insecure-policy", "copy", "--dest-tls-verify=false", "--dest-creds", login] as const),
					`oci:${bench.layout.folder}:amd64`,
					`docker://${address()}/${reference}`,
				);
			const robot = `${ROBOT.user}:${ROBOT.password}`;
			assert.equal((await copy(robot, "team/robot:one")).code, 0);
			const elsewhere = await copy(robot, "other/robot:one");
			assert.notEqual(elsewhere.code, 0);
			assert.match(elsewhere.stderr, /denied|unauthorized|authentication required/i);
			const wrong = await copy(`${DEVELOPER.user}:wrong`, "team/robot:two");
			assert.notEqual(wrong.code, 0);
			assert.match(wrong.stderr, /invalid username\/password|unauthorized|authentication/i);
		});

		it("anybody pulls from a public project, and pushes nothing there", async (test) => {
			const skopeo = bench.find(test, "skopeo");
			const crane = bench.find(test, "crane");
			if (skopeo === undefined || crane === undefined) return;
			await seed(skopeo, "library/hello:one");
			const image = `docker://${address()}/library/hello:one`;
			const inspected = await bench.call(skopeo, "inspect", "--no-creds", "--tls-verify=false", image);
			assert.match(inspected, new RegExp(bench.layout.images.amd64 ?? "never"));
			const copy = ["--insecure-policy", "copy", "--dest-no-creds", "--dest-tls-verify=false"];
			const to = `docker://${address()}/library/hello:two`;
			assert.notEqual((await bench.attempt(skopeo, ...copy, `oci:${bench.layout.folder}:amd64`, to)).code, 0);
			const hidden = `docker://${address()}/team/robot:one`;
			assert.notEqual((await bench.attempt(skopeo, "inspect", "--no-creds", "--tls-verify=false", hidden)).code, 0);
		});
	});
};

const startContainerd = async (program: string, folder: string): Promise<AsyncDisposable & { socket: string }> => {
	const socket = join(folder, "containerd.sock");
	const config = join(folder, "containerd.toml");
	writeFileSync(
		config,
		[
			"version = 2",
			`root = "${join(folder, "containerd-root")}"`,
			`state = "${join(folder, "containerd-state")}"`,
			'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
			"[grpc]",
			`address = "${socket}"`,
			"[ttrpc]",
			`address = "${join(folder, "containerd.ttrpc")}"`,
		].join("\n"),
	);
	const child = spawn(program, ["-c", config], { stdio: "ignore" });
	const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
	for (let waited = 0; !existsSync(socket) && waited < 20_000; waited += 100) await sleep(100);
	return {
		socket,
		async [Symbol.asyncDispose]() {
			child.kill("SIGTERM");
			await exited;
		},
	};
};
