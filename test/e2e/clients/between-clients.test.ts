// What one client pushes every other pulls, byte by byte.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { z } from "zod";
import { type ClientBench, DEVELOPER, openClientBench } from "../../support/client-bench.ts";
import { findPart } from "../../support/parts.ts";

const { user, password } = DEVELOPER;

/** The arguments with which a client carries an image between a layout's `tag` and a registry's reference. */
interface Carrier {
	readonly client: string;
	login(address: string): readonly string[];
	push(layout: string, tag: string, reference: string): readonly string[];
	pull(reference: string, layout: string): readonly string[];
}

const CARRIERS: readonly Carrier[] = [
	{
		client: "skopeo",
		login: (address) => ["login", "--tls-verify=false", "-u", user, "-p", password, address],
		push: (layout, tag, reference) => [
			...["--insecure-policy", "copy", "--all", "--dest-tls-verify=false"],
			...[`oci:${layout}:${tag}`, `docker://${reference}`],
		],
		pull: (reference, layout) => [
			...["--insecure-policy", "copy", "--all", "--src-tls-verify=false"],
			...[`docker://${reference}`, `oci:${layout}:out`],
		],
	},
	{
		client: "oras",
		login: (address) => ["login", "--plain-http", "-u", user, "-p", password, address],
		push: (layout, tag, reference) => [
			...["cp", "--from-oci-layout", `${layout}:${tag}`, "--to-plain-http", reference],
		],
		pull: (reference, layout) => ["cp", "--from-plain-http", reference, "--to-oci-layout", `${layout}:out`],
	},
	{
		client: "regctl",
		login: (address) => ["registry", "login", address, "-u", user, "-p", password],
		push: (layout, tag, reference) => ["image", "copy", `ocidir://${layout}:${tag}`, reference],
		pull: (reference, layout) => ["image", "copy", reference, `ocidir://${layout}:out`],
	},
	{
		client: "crane",
		login: (address) => ["auth", "login", "--insecure", address, "-u", user, "-p", password],
		// It pushes layouts of one image only, and one is there once it has pulled.
		push: (layout, _tag, reference) => ["push", layout, reference],
		pull: (reference, layout) => ["pull", "--format=oci", reference, layout],
	},
];

describe("between clients", () => {
	let bench: ClientBench;
	before(async () => {
		bench = await openClientBench(2);
	});
	after(() => bench[Symbol.asyncDispose]());

	/** Logs in with those that are here; the others skip the test, or fail it. */
	const present = async (test: TestContext): Promise<readonly Carrier[]> => {
		const carriers = CARRIERS.filter(({ client }) => bench.find(test, client) !== undefined);
		for (const { client, login } of carriers) {
			const { address } = bench.limani;
			if (client === "regctl") await run(client, ["registry", "set", "--tls", "disabled", address]);
			await run(client, login(address));
		}
		return carriers;
	};
	const run = (client: string, args: readonly string[]): Promise<string> =>
		bench.call(findPart(client) ?? client, ...args);

	for (const what of ["image", "index"] as const) {
		it(`an ${what} is the same whoever pushed it and whoever pulls it`, async (test) => {
			const carriers = await present(test);
			const { layout, limani, folder } = bench;
			const tag = what === "image" ? "amd64" : "all";
			const digest = what === "image" ? layout.images.amd64 : layout.index;
			assert.ok(digest !== undefined);
			const expected = contentBelow(layout.folder, digest);
			assert.equal(expected.length, what === "image" ? 4 : 8);
			let source = layout.folder;
			for (const pusher of carriers) {
				if (pusher.client === "crane" && what === "index") continue;
				const reference = `${limani.address}/team/${what}-by-${pusher.client}:one`;
				await run(pusher.client, pusher.push(source, tag, reference));
				assert.equal(await bench.digestOf(`team/${what}-by-${pusher.client}:one`), digest, pusher.client);
				for (const puller of carriers) {
					const out = join(folder, `${what}-${pusher.client}-${puller.client}`);
					await run(puller.client, puller.pull(reference, out));
					assert.deepEqual(contentBelow(out, digest), expected, `${pusher.client} to ${puller.client}`);
					if (puller.client === "crane") source = pusher.client === "regctl" ? out : source;
				}
			}
		});
	}

	it("an image in Docker's own format keeps its digest, too", async (test) => {
		if (bench.find(test, "skopeo") === undefined) return;
		const carriers = await present(test);
		const { layout, limani, folder } = bench;
		const reference = `${limani.address}/team/docker:one`;
		const copy = ["--insecure-policy", "copy", "--format", "v2s2", "--dest-tls-verify=false"];
		await run("skopeo", [...copy, `oci:${layout.folder}:amd64`, `docker://${reference}`]);
		const digest = await bench.digestOf("team/docker:one");
		assert.ok(digest !== null);
		assert.notEqual(digest, layout.images.amd64);
		for (const puller of carriers) {
			// To write a layout, skopeo would make another format of it.
			if (puller.client === "skopeo") continue;
			const out = join(folder, `docker-${puller.client}`);
			await run(puller.client, puller.pull(reference, out));
			assert.equal(contentBelow(out, digest).length, 4, puller.client);
		}
	});
});

const document = z.object({
	config: z.object({ digest: z.string() }).optional(),
	layers: z.array(z.object({ digest: z.string() })).default([]),
	manifests: z.array(z.object({ digest: z.string() })).default([]),
});

/** The digests of a manifest and of all below it, each compared with the bytes that a layout has under it. */
const contentBelow = (layout: string, digest: string): readonly string[] => {
	const found = new Set<string>();
	const visit = (at: string, isManifest: boolean): void => {
		found.add(at);
		const bytes = readFileSync(join(layout, "blobs", "sha256", at.slice("sha256:".length)));
		assert.equal(`sha256:${createHash("sha256").update(bytes).digest("hex")}`, at);
		if (!isManifest) return;
		const { config, layers, manifests } = document.parse(JSON.parse(bytes.toString()));
		for (const { digest: child } of manifests) visit(child, true);
		for (const blob of config === undefined ? layers : [config, ...layers]) visit(blob.digest, false);
	};
	assert.ok(readdirSync(layout).includes("oci-layout"));
	visit(digest, true);
	return [...found].toSorted();
};
