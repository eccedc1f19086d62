// What is in the image, and what is not.
import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { type BuiltImage, buildImage } from "../../support/image/built-image.ts";
import { type LayerFile, layerFiles } from "../../support/image/layer-files.ts";
import { skipWithout } from "../../support/parts.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const lockSchema = z.object({
	packages: z.record(z.string(), z.object({ dev: z.boolean().optional(), optional: z.boolean().optional() })),
});
const MIB = 1024 * 1024;
/** Of what is pulled. Somebody who goes beyond it knows why. */
const MAX_BYTES = 90 * MIB;

describe("the content of the image", { skip: skipWithout("buildah") }, () => {
	let folder: string;
	let image: BuiltImage;
	/** Of each layer, the lowest first. */
	let layers: readonly (readonly LayerFile[])[];
	let files: readonly LayerFile[];
	before(async () => {
		folder = mkdtempSync(join(tmpdir(), "limani-"));
		image = await buildImage(folder);
		layers = await Promise.all(image.layers.map(({ path }) => layerFiles(path)));
		files = layers.flat();
	});
	after(() => rmSync(folder, { recursive: true, force: true }));

	const pathsOf = (some: readonly LayerFile[]): readonly string[] => some.map(({ path }) => path);
	const packages = (): readonly string[] => [
		...new Set(pathsOf(files).flatMap((path) => /^\/app\/(node_modules\/.*?)\/package\.json$/.exec(path)?.[1] ?? [])),
	];

	it("says how it runs: a numbered user, a port, a volume, the program as its first process", () => {
		const { User, ExposedPorts, Volumes, Entrypoint, Cmd, Env, Labels } = image.config;
		assert.equal(User, "65532:65532");
		assert.deepEqual(Object.keys(ExposedPorts), ["5080/tcp"]);
		assert.deepEqual(Object.keys(Volumes), ["/var/lib/limani"]);
		assert.deepEqual([...Entrypoint, ...Cmd], ["node", "/app/src/main.ts", "registry"]);
		assert.ok(Env.includes("NODE_ENV=production"));
		assert.equal(Labels["org.opencontainers.image.title"], "limani");
	});

	it("belongs to root, which alone may change it, but for the volume", () => {
		const others = files.filter(({ owner }) => owner !== "0/0");
		assert.deepEqual(others, [{ ...others[0], path: "/var/lib/limani", mode: "drwxr-xr-x", owner: "65532/65532" }]);
		const loose = files.filter(({ mode }) => !mode.startsWith("l") && (mode[5] === "w" || mode[8] === "w"));
		assert.deepEqual(pathsOf(loose).toSorted(), ["/tmp", "/var/tmp"]);
		assert.ok(loose.every(({ mode }) => mode === "drwxrwxrwt"));
	});

	it("lets nobody become somebody else, and has no shell and no package manager", () => {
		assert.deepEqual(
			files.filter(({ mode }) => /[sS]/.test(mode)),
			[],
		);
		const programs = files.filter(({ path, mode }) => /^\/(usr\/(local\/)?)?s?bin\/./.test(path) && mode.includes("x"));
		assert.deepEqual(
			pathsOf(programs).filter((path) => !path.endsWith("/ldconfig")),
			["/usr/local/bin/node"],
		);
		const second = files.filter(({ path, mode }) => mode.startsWith("-") && /\/(node|npm|npx|npm-cli\.js)$/.test(path));
		assert.deepEqual(pathsOf(second), ["/usr/local/bin/node"]);
	});

	it("has the packages that the program needs, and none that only its developers do", () => {
		const lock = lockSchema.parse(JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")));
		const present = packages().filter((path) => lock.packages[path] !== undefined);
		assert.deepEqual(
			present.filter((path) => lock.packages[path]?.dev === true),
			[],
		);
		const needed = Object.entries(lock.packages).filter(
			([path, { dev, optional }]) => path !== "" && dev !== true && optional !== true,
		);
		assert.deepEqual(
			needed.map(([path]) => path).filter((path) => !present.includes(path)),
			[],
		);
		assert.deepEqual(
			present.filter((path) => /node-linux-|node_modules\/node$/.test(path)),
			[],
		);
	});

	it("has all sources and nothing else of the repository", () => {
		const own = pathsOf(files).filter((path) => path.startsWith("/app/") && !path.startsWith("/app/node_modules"));
		const top = own.filter((path) => path.lastIndexOf("/") === "/app".length).toSorted();
		assert.deepEqual(top, ["/app/LICENSE", "/app/package.json", "/app/src"]);
		const sources = globSync("src/**", { cwd: root, withFileTypes: true }).filter((entry) => entry.isFile());
		assert.equal(
			own.filter((path) => path.endsWith(".ts")).length,
			sources.filter(({ name }) => name.endsWith(".ts")).length,
		);
		assert.deepEqual(
			own.filter((path) => /\.test\.ts$|\/\.|\.npmrc$|master\.key$/.test(path.slice("/app".length))),
			[],
		);
	});

	it("is the same for the same sources: nothing in it tells when it was built", () => {
		const since = new Set([image.created, ...files.map(({ modified }) => modified)]);
		assert.deepEqual([...since], ["1970-01-01T00:00:00Z", "1970-01-01 00:00:00"]);
	});

	it("comes in layers, of which a change of the sources alone moves a small one", (test) => {
		const [base, dependencies, sources, volume] = image.layers.map(({ size }) => size / MIB);
		test.diagnostic(
			`MiB of the layers, packed: ${[base, dependencies, sources, volume].map((size) => size?.toFixed(1)).join(", ")}`,
		);
		assert.equal(image.layers.length, 4);
		assert.ok(layers[1]?.every(({ path }) => path === "/app" || path.startsWith("/app/node_modules")));
		assert.ok(layers[2]?.every(({ path }) => !path.startsWith("/app/node_modules/")));
		assert.ok((sources ?? 0) < 3, `${sources} MiB of sources`);
		const whole = image.layers.reduce((sum, { size }) => sum + size, 0);
		assert.ok(whole < MAX_BYTES, `${whole} bytes`);
	});
});
