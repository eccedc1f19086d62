// A bundle of the real image, from which a cluster is installed that reaches nothing but one registry.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { guideStep } from "../../support/bundle-guide.ts";
import { chartKinds } from "../../support/chart/chart-kinds.ts";
import { openTestApi } from "../../support/embedded-api.ts";
import { type BuiltImage, buildImage } from "../../support/image/built-image.ts";
import { ADMIN, type LimaniProcess, startLimani } from "../../support/limani-process.ts";
import { findPart, skipWithout } from "../../support/parts.ts";
import { outputOf, runProgram } from "../../support/run-program.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const needed = ["buildah", "skopeo", "crane", "oras", "helm", "kubectl"] as const;

/** What loopback needs of clients that want TLS elsewhere, and a policy that no machine has by itself. */
const CLIENTS = `
skopeo() { command skopeo --insecure-policy "$@" --dest-tls-verify=false; }
oras() { command oras "$@" --to-plain-http; }
`;

describe("a bundle of the image", { skip: skipWithout(...needed) }, () => {
	let folder: string;
	let unpacked: string;
	let image: BuiltImage;
	let registry: LimaniProcess;
	let env: Readonly<Record<string, string>>;
	before(async () => {
		folder = mkdtempSync(join(tmpdir(), "limani-bundle-"));
		unpacked = join(folder, "unpacked");
		mkdirSync(unpacked);
		image = await buildImage(folder);
		registry = await startLimani();
		const auth = Buffer.from(`${ADMIN.user}:${ADMIN.password}`).toString("base64");
		writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [registry.address]: { auth } } }));
		env = {
			PATH: [join(findPart("crane") ?? "", ".."), process.env.PATH].join(":"),
			HOME: folder,
			DOCKER_CONFIG: folder,
			REGISTRY_AUTH_FILE: join(folder, "config.json"),
			// The way out of here, which leads nowhere.
			HTTP_PROXY: "http://127.0.0.1:9",
			HTTPS_PROXY: "http://127.0.0.1:9",
		};
	});
	after(async () => {
		await registry?.[Symbol.asyncDispose]();
		rmSync(folder, { recursive: true, force: true });
	});

	const limani = async (...args: readonly string[]): Promise<string> => {
		const command = [join(root, "src", "main.ts"), "bundle", ...args];
		return outputOf(args.join(" "), await runProgram(process.execPath, command, { env, cwd: folder }));
	};
	const shell = async (script: string, repository = ""): Promise<string> => {
		const opts = { env: { ...env, REPOSITORY: repository }, cwd: unpacked };
		return outputOf(script, await runProgram("sh", ["-ec", script], opts));
	};
	/** The commands of a step of the guide, as they stand. */
	const step = (number: number): string => guideStep(readFileSync(join(unpacked, "README.md"), "utf8"), number);

	it("is made of what image-build makes, and whole to whoever unpacks it", async () => {
		const made = await limani("--image", `oci:${image.folder}:limani`, "--output", "limani.tar");
		assert.match(made, new RegExp(image.digest));
		assert.match(await limani("verify", "limani.tar"), /whole/);
		outputOf("tar", await runProgram("tar", ["-xf", "limani.tar", "-C", unpacked], { env, cwd: folder }));
		await shell(step(1));
	});

	it("is pushed by Limani into the only registry there is, from which others pull it by its digest", async () => {
		const repository = `${registry.address}/team/limani`;
		const options = ["--plain-http", "--docker-config", "config.json"];
		const [, digest = ""] = (await limani("push", "limani.tar", repository, ...options)).trim().split("@");
		assert.equal(digest, image.digest);
		const copy = ["--insecure-policy", "copy", "--src-tls-verify=false", `docker://${repository}@${digest}`];
		outputOf("skopeo", await runProgram("skopeo", [...copy, "oci:pulled"], { env, cwd: folder }));
		const names = [digest, ...image.digests].map((each) => join("blobs", "sha256", each.slice(7)));
		for (const name of names) {
			assert.ok(readFileSync(join(folder, "pulled", name)).equals(readFileSync(join(image.folder, name))), name);
		}
	});

	it("is pushed by each of the other programs as the guide says", async () => {
		const commands = step(2).trim().split("\n");
		assert.equal(commands.length, 3);
		for (const command of commands) {
			const repository = `${registry.address}/team/${command.split(" ")[0]}`;
			await shell(`${CLIENTS}\n${command}`, repository);
			const [, tag = ""] = /:([0-9][^ :]*)$/.exec(command) ?? [];
			assert.equal((await shell(`crane digest "$REPOSITORY:${tag}"`, repository)).trim(), image.digest);
		}
	});

	it("has a chart that is installed as the guide says, and runs nothing but that image", async () => {
		await using api = await openTestApi({ moreKinds: chartKinds() });
		const repository = `${registry.address}/team/limani`;
		const [install = "", rollout = ""] = step(3).split(/\n(?=kubectl)/);
		assert.match(rollout, /^kubectl rollout status deployment\/limani /);
		const inside = `export KUBECONFIG=${join(api.directory, "kubeconfig")}\n`;
		assert.match(await shell(`${inside}${install}`, repository), /STATUS: deployed/);
		const deployment = "kubectl get deployment limani --namespace limani-system --output yaml";
		const all = `${await shell(inside + deployment)}${await shell(`${inside}helm get hooks limani --namespace limani-system`)}`;
		const images = Array.from(all.matchAll(/^\s*(?:- )?image: "?([^"\s]+)"?$/gm), ([, name]) => name);
		assert.ok(images.length >= 2);
		assert.deepEqual(new Set(images), new Set([`${repository}@${image.digest}`]));
		assert.ok(all.includes(`LIMANI_OPERATOR_IMAGE`));
	});
});
