import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "#/oci/media-types.ts";
import { imageOf, pushBlob, pushImage } from "../../support/registry.ts";
import { type Face, openFace } from "../../support/v2-face.ts";

describe("listings over HTTP", () => {
	let face: Face;
	let subject: Digest;
	const tags = ["0", "10", "9", "A", "Z", "_", "a", "a.b", "latest", "z"];
	const repositories = ["p/a", "p/a-b", "p/a/b", "p/app", "q/a"];
	before(async () => {
		face = await openFace();
		for (const repository of repositories) await pushImage(face.instance, repository, "t", "config");
		for (const tag of tags.toReversed()) subject = await pushImage(face.instance, "p/app", tag, "config");
		await face.fetch("/v2/p/app/manifests/t", { method: "DELETE" });
		await pushBlob(face.instance, "p/unpublished", "x");
		for (const [i, type] of ["application/a", "application/b", "application/a"].entries()) await attach(i, type);
	});
	after(() => face[Symbol.asyncDispose]());

	const attach = async (index: number, artifactType: string): Promise<void> => {
		const body = JSON.stringify({
			...JSON.parse(imageOf("config")),
			artifactType,
			subject: { mediaType: OCI_MANIFEST, digest: subject, size: imageOf("config").length },
			annotations: { index: String(index) },
		});
		const digest = digestOf(Buffer.from(body));
		const response = await face.fetch(`/v2/p/app/manifests/${digest}`, {
			method: "PUT",
			headers: { "content-type": OCI_MANIFEST },
			body,
		});
		assert.equal(response.status, 201);
	};

	/** Follows the links to the end. */
	const pagesOf = async (path: string, read: (body: unknown) => readonly string[]): Promise<(readonly string[])[]> => {
		const pages: (readonly string[])[] = [];
		for (let next: string | undefined = path; next !== undefined; ) {
			const response: Response = await face.fetch(next);
			assert.equal(response.status, 200);
			pages.push(read(JSON.parse(await response.text())));
			next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
			assert.ok(pages.length < 100);
		}
		return pages;
	};
	const field =
		(name: string) =>
		(body: unknown): readonly string[] => {
			const list: unknown = typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined;
			assert.ok(Array.isArray(list));
			return list.map((entry) => (typeof entry === "string" ? entry : entry.digest));
		};

	it("give all tags in byte order, under the repository's name", async () => {
		const response = await face.fetch("/v2/p/app/tags/list");
		assert.equal(response.headers.get("link"), null);
		assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
		assert.deepEqual(await response.json(), { name: "p/app", tags });
	});

	for (const n of [1, 3, 5, 10, 11]) {
		it(`give every tag once when the pages of ${n} are followed`, async () => {
			const pages = await pagesOf(`/v2/p/app/tags/list?n=${n}`, field("tags"));
			assert.deepEqual(pages.flat(), tags);
			assert.equal(pages.length, Math.ceil(tags.length / n));
		});
	}

	it("begin after `last`, which need not be there", async () => {
		const after = async (last: string): Promise<unknown> =>
			JSON.parse(await (await face.fetch(`/v2/p/app/tags/list?last=${encodeURIComponent(last)}`)).text()).tags;
		assert.deepEqual(await after("Z"), tags.slice(5));
		assert.deepEqual(await after("Y"), tags.slice(4));
		assert.deepEqual(await after("zzz"), []);
		assert.deepEqual(await after("\u{1f4a3}"), []);
	});

	it("give nothing, and no link, for a page of none", async () => {
		const response = await face.fetch("/v2/p/app/tags/list?n=0");
		assert.equal(response.headers.get("link"), null);
		assert.deepEqual(await response.json(), { name: "p/app", tags: [] });
	});

	it("give the catalog of what was published, in byte order, page by page", async () => {
		for (const n of [1, 2, 100]) {
			const pages = await pagesOf(`/v2/_catalog?n=${n}`, field("repositories"));
			assert.deepEqual(pages.flat(), repositories);
		}
	});

	it("give referrers as an index, filtered where that is asked for", async () => {
		const all = await face.fetch(`/v2/p/app/referrers/${subject}`);
		assert.equal(all.headers.get("content-type"), OCI_INDEX);
		assert.equal(all.headers.get("oci-filters-applied"), null);
		const { schemaVersion, mediaType, manifests } = JSON.parse(await all.text());
		assert.deepEqual([schemaVersion, mediaType], [2, OCI_INDEX]);
		assert.deepEqual(manifests.map(({ annotations }: { annotations: { index: string } }) => annotations.index).sort(), [
			"0",
			"1",
			"2",
		]);
		const some = await face.fetch(`/v2/p/app/referrers/${subject}?artifactType=application/a`);
		assert.equal(some.headers.get("oci-filters-applied"), "artifactType");
		const filtered: { manifests: { artifactType: string }[] } = JSON.parse(await some.text());
		assert.deepEqual(
			filtered.manifests.map(({ artifactType }) => artifactType),
			["application/a", "application/a"],
		);
	});

	it("keep the filter in the links between pages of referrers", async () => {
		const path = `/v2/p/app/referrers/${subject}?artifactType=${encodeURIComponent("application/a")}&n=1`;
		const pages = await pagesOf(path, field("manifests"));
		assert.deepEqual(
			pages.map(({ length }) => length),
			[1, 1],
		);
		assert.equal(new Set(pages.flat()).size, 2);
	});

	it("give no referrers, rather than an error, for what is not there", async () => {
		for (const path of [`p/app/referrers/${digestOf(Buffer.from("x"))}`, `p/none/referrers/${subject}`]) {
			const response = await face.fetch(`/v2/${path}`);
			assert.equal(response.status, 200);
			assert.deepEqual(JSON.parse(await response.text()).manifests, []);
		}
	});

	it("give what clients list under the fallback tag, too, and keep that list as it is", async () => {
		const put = async (reference: string, type: string, body: string): Promise<void> => {
			const init = { method: "PUT", headers: { "content-type": type }, body };
			assert.equal((await face.fetch(`/v2/q/fallback/manifests/${reference}`, init)).status, 201);
		};
		const image = await pushImage(face.instance, "q/fallback", "1", "config");
		const size = imageOf("config").length;
		const signature = JSON.stringify({
			...JSON.parse(imageOf("config")),
			artifactType: "application/a",
			subject: { mediaType: OCI_MANIFEST, digest: image, size },
		});
		const digest = digestOf(Buffer.from(signature));
		const entry = { mediaType: OCI_MANIFEST, digest, size: signature.length, artifactType: "application/a" };
		const list = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [entry] });
		await put(digest, OCI_MANIFEST, signature);
		await put(image.replace(":", "-"), OCI_INDEX, list);
		assert.equal(await (await face.fetch(`/v2/q/fallback/manifests/${image.replace(":", "-")}`)).text(), list);
		const referrers = await (await face.fetch(`/v2/q/fallback/referrers/${image}`)).json();
		assert.deepEqual(referrers, JSON.parse(list));
	});
});
