// `limani bundle`, with a small image in place of its own.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { bundleCommand } from "#/app/bundle/bundle-command.ts";
import { ADMIN, ADMIN_AUTHORIZATION, type LimaniProcess, startLimani } from "../../support/limani-process.ts";
import { type MadeLayout, makeLayout } from "../../support/oci-layout.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const OCI_TYPES = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";

describe("limani bundle", () => {
	let folder: string;
	let layout: MadeLayout;
	let bundle: string;
	before(async () => {
		folder = mkdtempSync(join(tmpdir(), "limani-bundle-"));
		layout = makeLayout(folder);
		bundle = join(folder, "limani.tar");
		await bundleCommand(["--image", `oci:${layout.folder}:all`, "--output", bundle]);
	});
	after(() => rmSync(folder, { recursive: true, force: true }));

	const digestOfFile = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
	const copy = (name: string): string => {
		const path = join(folder, name);
		copyFileSync(bundle, path);
		return path;
	};

	it("makes the same bytes of the same parts", async () => {
		const again = join(folder, "again.tar");
		await bundleCommand(["--image", `oci:${layout.folder}:all`, "--output", again]);
		assert.equal(digestOfFile(again), digestOfFile(bundle));
	});

	it("is a tar archive whose checksums other programs find right, with charts, definitions and a layout", () => {
		const unpacked = join(folder, "unpacked");
		mkdirSync(unpacked);
		execFileSync("tar", ["-xf", bundle, "-C", unpacked]);
		execFileSync("sh", ["-c", "sha256sum --check --quiet --strict SHA256SUMS"], { cwd: unpacked });
		const same = (path: string) =>
			readFileSync(join(unpacked, path), "utf8") === readFileSync(join(root, path), "utf8");
		assert.ok(same("charts/limani/Chart.yaml") && same("charts/limani-crds/values.yaml"));
		assert.ok(
			readFileSync(join(unpacked, "crds", "registries.yaml"), "utf8").includes("kind: CustomResourceDefinition"),
		);
		const index = JSON.parse(readFileSync(join(unpacked, "image", "index.json"), "utf8"));
		assert.equal(index.manifests.length, 1);
		assert.equal(index.manifests[0].digest, layout.index);
		assert.ok(readFileSync(join(unpacked, "README.md"), "utf8").includes(layout.index));
	});

	it("is found whole", async () => {
		assert.equal(await bundleCommand(["verify", bundle]), 0);
	});

	it("is refused wherever it was cut off", async () => {
		const cut = copy("cut.tar");
		const { length } = readFileSync(cut);
		for (const bytes of [length - 1, length - 512, length - 1024, length >> 1, 700, 100, 0]) {
			truncateSync(cut, bytes);
			await assert.rejects(bundleCommand(["verify", cut]), {
				code: "BUNDLE_INVALID",
				message: new RegExp(`cut\\.tar: it (ends after|has) ${bytes} bytes`),
			});
		}
	});

	it("is refused when one byte of a file was changed, which it names", async () => {
		const bytes = readFileSync(bundle);
		const changed = join(folder, "changed.tar");
		for (const path of ["charts/limani/values.yaml", `image/blobs/sha256/${layout.index.slice(7)}`, "README.md"]) {
			const broken = Buffer.from(bytes);
			const at = broken.indexOf(`${path}\0`) + 512 + 20;
			broken[at] = (broken[at] ?? 0) ^ 1;
			writeFileSync(changed, broken);
			await assert.rejects(bundleCommand(["verify", changed]), {
				code: "BUNDLE_INVALID",
				message: new RegExp(`changed\\.tar: ${path.replaceAll(".", "\\.")} was changed: its SHA-256 is`),
			});
		}
	});

	it("is refused with a file too many, and with one too few", async () => {
		const unpacked = join(folder, "more");
		mkdirSync(unpacked);
		execFileSync("tar", ["-xf", bundle, "-C", unpacked]);
		const repack = (name: string): string => {
			const path = join(folder, name);
			const names = execFileSync("sh", ["-c", "find * -type f | sort"], { cwd: unpacked, encoding: "utf8" });
			const options = ["--format=ustar", "--blocking-factor=1", "-cf", path, "-C", unpacked, "--files-from=-"];
			execFileSync("tar", options, { input: names });
			return path;
		};
		assert.equal(await bundleCommand(["verify", repack("same.tar")]), 0);
		writeFileSync(join(unpacked, "charts", "limani", "more.yaml"), "");
		await assert.rejects(bundleCommand(["verify", repack("more.tar")]), /more\.yaml is in it, and not in SHA256SUMS/);
		rmSync(join(unpacked, "charts", "limani", "more.yaml"));
		rmSync(join(unpacked, "charts", "limani", "values.yaml"));
		await assert.rejects(bundleCommand(["verify", repack("less.tar")]), /values\.yaml is in SHA256SUMS, and not in it/);
	});

	it("is not made of an image that is not what it says", async () => {
		const broken = join(folder, "broken");
		execFileSync("cp", ["-r", layout.folder, broken]);
		const manifest = layout.images.amd64 ?? "";
		const { layers } = JSON.parse(readFileSync(join(broken, "blobs", "sha256", manifest.slice(7)), "utf8"));
		const layer = join(broken, "blobs", "sha256", layers[1].digest.slice(7));
		const bytes = readFileSync(layer);
		bytes[100] = (bytes[100] ?? 0) ^ 1;
		writeFileSync(layer, bytes);
		const output = join(folder, "never.tar");
		const making = bundleCommand(["--image", `oci:${broken}:amd64`, "--output", output]);
		await assert.rejects(making, new RegExp(`${layers[1].digest} was changed`));
		assert.throws(() => readFileSync(output), { code: "ENOENT" });
		await assert.rejects(
			bundleCommand(["--image", `oci:${broken}:none`, "--output", output]),
			/0 images none: expected one/,
		);
		await assert.rejects(bundleCommand(["--image", `oci:${broken}`, "--output", output]), /3 images: expected one/);
	});

	describe("with a registry", () => {
		let registry: LimaniProcess;
		let options: readonly string[];
		before(async () => {
			registry = await startLimani();
			const config = join(folder, "config.json");
			const auth = Buffer.from(`${ADMIN.user}:${ADMIN.password}`).toString("base64");
			writeFileSync(config, JSON.stringify({ auths: { [registry.address]: { auth } } }));
			options = ["--plain-http", "--docker-config", config];
		});
		after(async () => registry?.[Symbol.asyncDispose]());

		const get = async (repository: string, path: string): Promise<Response> =>
			await fetch(`${registry.url}/v2/${repository}/${path}`, {
				headers: { Authorization: ADMIN_AUTHORIZATION, Accept: OCI_TYPES },
			});

		it("pushes the image with all its platforms under the release's name, twice if need be", async () => {
			for (const _ of [1, 2]) await bundleCommand(["push", bundle, `${registry.address}/team/limani`, ...options]);
			const index = await get("team/limani", `manifests/${version}`);
			assert.equal(index.headers.get("docker-content-digest"), layout.index);
			for (const digest of Object.values(layout.images)) {
				const pushed = readFileSync(join(layout.folder, "blobs", "sha256", digest.slice(7)));
				assert.deepEqual(Buffer.from(await (await get("team/limani", `manifests/${digest}`)).arrayBuffer()), pushed);
				for (const layer of JSON.parse(pushed.toString("utf8")).layers) {
					const bytes = Buffer.from(await (await get("team/limani", `blobs/${layer.digest}`)).arrayBuffer());
					assert.equal(`sha256:${createHash("sha256").update(bytes).digest("hex")}`, layer.digest);
				}
			}
		});

		it("is made of an image there, by tag and by digest, and is the same as of the layout", async () => {
			const place = `${registry.address}/team/limani`;
			for (const [i, reference] of [`:${version}`, `@${layout.index}`, `:any@${layout.index}`].entries()) {
				const output = join(folder, `pulled-${i}.tar`);
				await bundleCommand(["--image", `${place}${reference}`, "--output", output, ...options]);
				assert.equal(digestOfFile(output), digestOfFile(bundle));
			}
		});

		it("pushes nothing of a bundle that was changed", async () => {
			const cut = copy("cut-push.tar");
			truncateSync(cut, readFileSync(cut).length - 1024);
			await assert.rejects(bundleCommand(["push", cut, `${registry.address}/team/cut`, ...options]), /cut off/);
			assert.equal((await get("team/cut", "tags/list")).status, 404);
		});

		it("says of an image that is not there, and of a place that is none, what is wrong", async () => {
			const output = join(folder, "never.tar");
			const absent = ["--image", `${registry.address}/team/absent:1`, "--output", output, ...options];
			await assert.rejects(bundleCommand(absent), /team\/absent has no 1/);
			await assert.rejects(bundleCommand(["push", bundle, "team"]), /got team: expected an image such as/);
			await assert.rejects(bundleCommand(["pull", bundle]), /see limani bundle --help/);
			await assert.rejects(bundleCommand(["--output", output]), /expected --image and --output/);
		});
	});
});
