import assert from "node:assert/strict";
import { test } from "node:test";
import { RemoteError } from "#/client/remote-error.ts";
import { readManifest } from "#/features/replication/choose-artifact.ts";
import { nameTarget } from "#/features/replication/name-target.ts";
import { keepPlatforms, reduceIndex } from "#/features/replication/platforms.ts";
import { classifyTag } from "#/features/replication/references.ts";
import { compileSelection } from "#/features/replication/select.ts";
import { RunEnded, Tally } from "#/features/replication/tally.ts";
import { inParallel } from "#/lib/in-parallel.ts";
import { digestOf } from "#/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "#/oci/media-types.ts";
import { filters } from "../../support/replication-world.ts";

test("a name is changed by the first rule whose components it begins with", () => {
	const rename = [
		{ from: "library", to: "hub/library" },
		{ from: "strip/me", to: "" },
		{ from: "lib", to: "never" },
	];
	const cases = {
		library: "hub/library",
		"library/redis": "hub/library/redis",
		"library-2/redis": "library-2/redis",
		"strip/me/app": "app",
		other: "other",
	};
	for (const [source, target] of Object.entries(cases)) assert.equal(nameTarget(source, rename), target);
	assert.equal(nameTarget("strip/me", rename), undefined);
	assert.equal(nameTarget("app", [{ from: "", to: "mirror" }]), "mirror/app");
});

const entry = (text: string, platform: object | undefined, annotations?: object) => ({
	mediaType: OCI_MANIFEST,
	digest: digestOf(Buffer.from(text)),
	size: 10,
	platform,
	annotations,
});

const indexOf = (...manifests: readonly object[]) => {
	const payload = Buffer.from(
		JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests, annotations: { a: "b" } }),
	);
	return readManifest({ digest: digestOf(payload), mediaType: OCI_INDEX, payload });
};

test("an index is reduced to the wanted platforms and what attests them, all else as it was", () => {
	const arm = entry("arm", { os: "linux", architecture: "arm64", variant: "v8" });
	const amd = entry("amd", { os: "linux", architecture: "amd64" });
	const unknown = { os: "unknown", architecture: "unknown" };
	const armProof = entry("arm proof", unknown, { "vnd.docker.reference.digest": arm.digest });
	const amdProof = entry("amd proof", unknown, { "vnd.docker.reference.digest": amd.digest });
	const index = indexOf(arm, amd, armProof, amdProof);
	const { hasPlatform } = compileSelection(filters({ platforms: ["linux/arm64"] }));
	assert.ok(hasPlatform !== undefined);
	const kept = keepPlatforms(index.parsed, hasPlatform);
	assert.deepEqual([...kept], [arm.digest, armProof.digest]);
	const reduced = reduceIndex(index, kept);
	assert.deepEqual(JSON.parse(Buffer.from(reduced.payload).toString()), {
		...JSON.parse(Buffer.from(index.payload).toString()),
		manifests: JSON.parse(JSON.stringify([arm, armProof])),
	});
	assert.equal(reduceIndex(index, kept).digest, reduced.digest);
	const all = new Set(index.parsed.manifests.map(({ digest }) => digest));
	assert.equal(reduceIndex(index, all).payload, index.payload);
	const { hasPlatform: isV7 } = compileSelection(filters({ platforms: ["linux/arm64/v7"] }));
	assert.equal(keepPlatforms(index.parsed, isV7 ?? (() => true)).size, 0);
});

test("an index that names no platform is none of images, and stays whole", () => {
	const index = indexOf(entry("chart", undefined), entry("other", undefined));
	assert.equal(keepPlatforms(index.parsed, () => false).size, 2);
});

test("repositories that are all named need no listing", () => {
	const named = (...matching: readonly string[]) =>
		compileSelection(filters({ repositories: { matching: [...matching], excluding: ["team/old"] } })).named;
	assert.deepEqual(named("team/app", "team/old", "team/app", "x"), ["team/app", "x"]);
	for (const pattern of ["team/*", "team/{a,b}", "team/[ab]", "team/a?", "**"])
		assert.equal(named("x", pattern), undefined);
});

test("versions, expressions and globs all have to select a tag", () => {
	const has = (tag: string, more: object) =>
		compileSelection(filters({ tags: { matching: ["*"], excluding: ["*-old"], ...more } })).hasTag(tag);
	assert.equal(has("v1.2.3", { semver: ">=1.2 <2" }), true);
	assert.equal(has("1.2.3_build", { semver: ">=1.2 <2" }), true, "Helm writes + as _");
	assert.equal(has("v2.0.0", { semver: ">=1.2 <2" }), false);
	assert.equal(has("latest", { semver: "*" }), false);
	assert.equal(has("v1", { regex: "v\\d+" }), true);
	assert.equal(has("v1-rc", { regex: "v\\d+" }), false, "the whole tag must match");
	assert.equal(has("v1-old", {}), false);
});

test("tags that list referrers are nobody's, and cosign's belong to what they sign", () => {
	const hex = "a".repeat(64);
	assert.deepEqual(classifyTag(`sha256-${hex}`), { kind: "list" });
	assert.deepEqual(classifyTag(`sha256-${hex}.sig`), { kind: "companion", about: `sha256:${hex}` });
	assert.deepEqual(classifyTag(`sha256-${hex}.other`), { kind: "tag" });
	assert.deepEqual(classifyTag("sha256-short.sig"), { kind: "tag" });
});

test("a run ends when nobody answers any more, and goes on through what is wrong with single artifacts", () => {
	const tally = new Tally();
	const away = new RemoteError("UNREACHABLE", "no answer");
	for (let i = 0; i < 4; i++) tally.fail("x", away);
	tally.worked();
	for (let i = 0; i < 4; i++) tally.fail("x", away);
	assert.throws(() => tally.fail("x", away), RunEnded);
	const patient = new Tally();
	for (let i = 0; i < 5_000; i++) patient.fail("x", new RemoteError("INVALID", "no manifest"));
	for (let i = 0; i < 5_000; i++) patient.refuse("x", "not its project");
	assert.match(patient.failures, /^x: no manifest; x: no manifest; x: no manifest; and 9997 more$/);
	const refused = new RemoteError("REFUSED", "who are you");
	assert.throws(() => {
		for (let i = 0; i < 5_000; i++) patient.fail("x", refused);
	}, RunEnded);
});

test("work in parallel keeps to its bound, and ends with the first failure once all that began is done", async () => {
	let running = 0;
	let most = 0;
	let done = 0;
	const work = async (item: number): Promise<void> => {
		running += 1;
		most = Math.max(most, running);
		await new Promise((resolve) => setImmediate(resolve));
		running -= 1;
		done += 1;
		if (item === 20) throw new Error("twenty");
	};
	await inParallel([1, 2, 3, 4, 5, 6, 7], 3, work);
	assert.deepEqual([most, done, running], [3, 7, 0]);
	await assert.rejects(inParallel([20, 1, 2, 3, 4, 5, 6, 7], 3, work), /twenty/);
	assert.equal(running, 0);
	assert.ok(done < 15);
});
