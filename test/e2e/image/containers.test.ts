// The image runs in containers as confined as pods of the restricted profile are, and does there what it is for.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { hashPassword } from "#/auth/passwords.ts";
import { eventually } from "../../support/eventually.ts";
import { freePorts } from "../../support/free-ports.ts";
import { type BuiltImage, buildImage } from "../../support/image/built-image.ts";
import { confinementOf } from "../../support/image/confinement.ts";
import { type Container, type Containerd, openContainerd } from "../../support/image/containerd.ts";
import { forwardPort } from "../../support/image/forwarded-port.ts";
import { layOutPod, type Pod } from "../../support/image/pod.ts";
import { registryObjects } from "../../support/image/registry-pod.ts";
import {
	STANDALONE_MEMORY,
	type StandaloneContainer,
	standaloneContainer,
	untilReady,
} from "../../support/image/standalone-container.ts";
import { type MadeLayout, makeLayout } from "../../support/oci-layout.ts";
import { skipWithout } from "../../support/parts.ts";
import { outputOf, runProgram } from "../../support/run-program.ts";
import { credentialFile, pull, push } from "../../support/standalone-images.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const MIB = 1024 * 1024;
const authFileSchema = z.object({
	auths: z.record(z.string(), z.object({ username: z.string(), password: z.string() })),
});

/** Names every file and folder that the user of the container may write to, but for those of the kernel. */
const FIND_WRITABLE = `
	const { accessSync, constants, readdirSync, lstatSync } = require("node:fs");
	const look = (path) => {
		try { accessSync(path, constants.W_OK); console.log(path); } catch {}
		if (lstatSync(path).isDirectory() && !["/proc", "/sys", "/dev"].includes(path)) {
			let names = [];
			try { names = readdirSync(path); } catch {}
			for (const name of names) look(path === "/" ? "/" + name : path + "/" + name);
		}
	};
	look("/");`;

describe("the image", { skip: skipWithout("buildah", "containerd", "ctr", "runc", "skopeo", "kubectl") }, () => {
	let folder: string;
	let image: BuiltImage;
	let containerd: Containerd;
	before(async () => {
		folder = mkdtempSync(join(tmpdir(), "limani-"));
		image = await buildImage(folder);
		containerd = await openContainerd(image);
	});
	after(async () => {
		await containerd?.[Symbol.asyncDispose]();
		rmSync(folder, { recursive: true, force: true });
	});

	it("has every command", async () => {
		const answerTo = async (...args: readonly string[]): Promise<string> => {
			const { ended, output } = await containerd.run({ args, network: "own", memoryBytes: 256 * MIB });
			assert.equal(await ended, 0, output());
			return output();
		};
		const { version } = z
			.object({ version: z.string() })
			.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
		assert.equal(await answerTo("--version"), `${version}\n`);
		assert.match(await answerTo("operator", "--help"), /^Usage: limani operator --image IMAGE/);
		assert.match(await answerTo("crds"), /^kind: CustomResourceDefinition$/m);
	});

	describe("in standalone mode, with a volume", () => {
		let standalone: StandaloneContainer;
		let container: Container;
		let layout: MadeLayout;
		let credential: string;
		before(async () => {
			standalone = await standaloneContainer(containerd, Number.parseInt(image.config.User, 10));
			container = await standalone.start();
			layout = makeLayout(standalone.folder);
			credential = await credentialFile(standalone, "ci");
		});
		after(() => rmSync(standalone.folder, { recursive: true, force: true }));

		it("needs no privilege, and can write to its volume alone", async () => {
			const [user, group] = image.config.User.split(":");
			assert.deepEqual(confinementOf(container), {
				user: Array(4).fill(user).join("\t"),
				group: Array(4).fill(group).join("\t"),
				capabilities: ["0".repeat(16)],
				noNewPrivileges: true,
				filtersSystemCalls: true,
				memoryLimit: STANDALONE_MEMORY,
			});
			const writable = (await container.exec("node", "-e", FIND_WRITABLE)).trim().split("\n");
			assert.deepEqual(
				writable.filter((path) => path !== "/var/lib/limani" && !path.startsWith("/var/lib/limani/")),
				[],
			);
			assert.ok(writable.includes("/var/lib/limani"));
		});

		it("is alive to the health check of the Dockerfile", async () => {
			const [, check = "[]"] =
				/^HEALTHCHECK .*CMD (\[.*\])$/m.exec(readFileSync(join(root, "Dockerfile"), "utf8")) ?? [];
			await container.exec(...z.array(z.string()).nonempty().parse(JSON.parse(check)));
		});

		it("takes and gives images, its own among them, which containerd fetches by its digest", async () => {
			outputOf("push", await push(standalone, layout, "team/app:1", credential));
			outputOf("pull", await pull(standalone, "team/app:1", credential));
			const { address } = standalone;
			const own = `${address}/team/limani`;
			const copy = ["--insecure-policy", "copy", "--dest-tls-verify=false", "--dest-authfile", credential];
			outputOf("copy", await standalone.attempt("skopeo", ...copy, `oci:${image.folder}:limani`, `docker://${own}:1`));
			const { auths } = authFileSchema.parse(JSON.parse(readFileSync(credential, "utf8")));
			const { username, password } = auths[address] ?? { username: "", password: "" };
			const user = ["--user", `${username}:${password}`];
			const before = await containerd.ctr("elsewhere", "content", "list", "--quiet");
			await containerd.ctr("elsewhere", "content", "fetch", "--plain-http", ...user, `${own}@${image.digest}`);
			const fetched = await containerd.ctr("elsewhere", "content", "list", "--quiet");
			assert.equal(before, "");
			assert.deepEqual(fetched.trim().split("\n").toSorted(), image.digests.toSorted());
		});

		it("is an operator too, which leads until it is told to end", async () => {
			const port = await freePorts(1);
			await standalone.kubectl("create", "namespace", "elsewhere");
			const operator = await containerd.run({
				args: ["operator"],
				environment: {
					KUBECONFIG: "/kubeconfig",
					LIMANI_OPERATOR_IMAGE: "localhost/limani",
					LIMANI_OPERATOR_NAMESPACES: "elsewhere",
					LIMANI_OPERATOR_LEASE: "elsewhere/limani",
					LIMANI_OPERATOR_LISTEN: `127.0.0.1:${port}`,
				},
				mounts: [{ source: standalone.kubeconfig, path: "/kubeconfig", readOnly: true }],
				network: "host",
				memoryBytes: 512 * MIB,
			});
			// Ready it is not: this Kubernetes API has no StatefulSets to look after.
			await untilReady(operator, `http://127.0.0.1:${port}/livez`);
			const holder = () =>
				standalone.kubectl("get", "lease/limani", "-n", "elsewhere", "-o", "jsonpath={.spec.holderIdentity}");
			await eventually(async () => assert.notEqual(await holder(), ""));
			await operator.signal("SIGTERM");
			assert.equal(await operator.ended, 0, operator.output());
			assert.equal(await holder(), "");
		});

		it("ends in order when it is told to, and goes on with what it had", async () => {
			const pulled = await pull(standalone, "team/app:1", credential);
			await container.signal("SIGTERM");
			assert.equal(await container.ended, 0, container.output());
			container = await standalone.start();
			outputOf("pull", pulled);
			outputOf("pull", await pull(standalone, "team/app:1", credential));
			assert.equal(
				await credentialFile(standalone, "ci").then((file) => readFileSync(file, "utf8")),
				readFileSync(credential, "utf8"),
			);
			await container.signal("SIGINT");
			assert.equal(await container.ended, 0, container.output());
		});
	});

	describe("as the pod that the operator makes for a Registry", () => {
		let pod: Pod;
		let from: number;
		let layout: MadeLayout;
		before(async () => {
			from = await freePorts(3);
			const objects = await registryObjects({
				exposure: { externalUrl: `http://127.0.0.1:${from}` },
				resources: { limits: { memory: "512Mi" } },
			});
			pod = layOutPod(objects, join(folder, "pod"));
			layout = makeLayout(folder);
		});

		/** Starts the pod, and runs an act with it while its ports can be reached. @returns the pod's container */
		const withPod = async (act: (container: Container) => Promise<void>): Promise<Container> => {
			const hosts = join(folder, "hosts");
			writeFileSync(hosts, "127.0.0.1 localhost app-registry-control.team-a.svc\n");
			const mounts = [...(pod.container.mounts ?? []), { source: hosts, path: "/etc/hosts", readOnly: true }];
			const container = await containerd.run({ ...pod.container, mounts });
			const names = ["clients", "operations"];
			await using ways = new AsyncDisposableStack();
			for (const [i, name] of names.entries()) {
				ways.use(await forwardPort({ from: from + i, to: pod.ports[name] ?? 0, pid: container.pid, folder }));
			}
			for (const { path, port } of [pod.probes.startup, pod.probes.liveness, pod.probes.readiness]) {
				await untilReady(container, `http://127.0.0.1:${from + names.indexOf(port)}${path}`);
			}
			await act(container);
			const told = performance.now();
			await container.signal("SIGTERM");
			assert.equal(await container.ended, 0, container.output());
			assert.ok(performance.now() - told < pod.graceSeconds * 1000);
			return container;
		};
		const skopeo = async (...args: readonly string[]): Promise<string> => {
			const env = { ...process.env, HOME: folder };
			return outputOf(
				"skopeo",
				await runProgram("skopeo", ["--insecure-policy", "copy", ...args], { env, cwd: folder }),
			);
		};
		const reference = () => `docker://127.0.0.1:${from}/team/app:1`;

		it("is content with the rights that its volumes have, and serves what the control port is told", async () => {
			assert.equal(pod.user, image.config.User);
			const passwordHash = await hashPassword("correct-horse-battery");
			const upserts = [
				{ kind: "Project", uid: "1", generation: 1, spec: { name: "team" } },
				{ kind: "User", uid: "2", generation: 1, spec: { name: "me", passwordHash, admin: true } },
			];
			await withPod(async (container) => {
				const confinement = confinementOf(container);
				assert.equal(confinement.memoryLimit, 512 * MIB);
				assert.deepEqual(confinement.capabilities, ["0".repeat(16)]);
				await container.exec("node", "--input-type=module", "--eval", APPLY, JSON.stringify(upserts));
				await skopeo(
					"--dest-tls-verify=false",
					"--dest-creds=me:correct-horse-battery",
					`oci:${layout.folder}:amd64`,
					reference(),
				);
			});
		});

		it("still has in its next life what it had, and starts with nobody to tell it anything", async () => {
			await withPod(async () => {
				await skopeo(
					"--src-tls-verify=false",
					"--src-creds=me:correct-horse-battery",
					reference(),
					`dir:${join(folder, "pulled")}`,
				);
				const pulled = readFileSync(join(folder, "pulled", "manifest.json"));
				assert.deepEqual(
					pulled,
					readFileSync(join(layout.folder, "blobs", "sha256", (layout.images.amd64 ?? "").slice(7))),
				);
			});
		});
	});
});

/** What an operator would do, from inside, where the names of the certificate lead to. */
const APPLY = `
	import { readFileSync } from "node:fs";
	import { RemoteControl } from "/app/src/control/remote-control.ts";
	const read = (entry) => readFileSync("/etc/limani/control/" + entry, "utf8");
	const url = "https://app-registry-control.team-a.svc:7443";
	using control = new RemoteControl({ url, token: read("token").trim(), ca: read("ca.crt") });
	const signal = new AbortController().signal;
	const { epoch, base } = await control.begin({ holder: "test" }, signal);
	const applied = await control.apply({ epoch, base, upserts: JSON.parse(process.argv.at(-1)), deletes: [] }, signal);
	if (!("base" in applied)) throw new Error(JSON.stringify(applied));`;
