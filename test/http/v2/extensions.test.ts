import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { getAttached } from "#/http/v2/extensions.ts";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "#/oci/media-types.ts";
import { forever, imageOf, pushImage } from "../../support/registry.ts";
import { type Face, openFace } from "../../support/v2-face.ts";

describe("extensions of a repository over HTTP", () => {
	let face: Face;
	const digests = new Map<string, Digest>();
	const tags = ["0", "10", "9", "A", "_", "a", "latest"];
	before(async () => {
		face = await openFace();
		for (const tag of tags.toReversed())
			digests.set(tag, await pushImage(face.instance, "p/app", tag, `config ${tag}`));
	});
	after(() => face[Symbol.asyncDispose]());

	it("are told of, each with its endpoints and where they are described", async () => {
		const response = await face.fetch("/v2/p/app/_oci/ext/discover");
		assert.equal(response.status, 200);
		const { extensions } = JSON.parse(await response.text());
		const found = extensions.map(({ name, endpoints }: { name: string; endpoints: string[] }) => [name, endpoints]);
		assert.deepEqual(found, [
			["_oci", ["_oci/ext/discover"]],
			["_limani", ["_limani/tags/digests", "_limani/referrers/list"]],
		]);
		for (const { url } of extensions) assert.ok(URL.canParse(url));
	});

	for (const n of [1, 3, 7, 8]) {
		it(`give every tag once, with what it names, when the pages of ${n} are followed`, async () => {
			const found: { name: string; digest: string }[] = [];
			let pages = 0;
			for (let next: string | undefined = `/v2/p/app/_limani/tags/digests?n=${n}`; next !== undefined; pages++) {
				const response: Response = await face.fetch(next);
				assert.equal(response.status, 200);
				const body = JSON.parse(await response.text());
				assert.equal(body.name, "p/app");
				found.push(...body.tags);
				next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
			}
			assert.deepEqual(
				found,
				tags.map((name) => ({ name, digest: digests.get(name) })),
			);
			assert.equal(pages, Math.ceil(tags.length / n));
		});
	}

	it("have a tag that moved under what it names now, and none that was deleted", async () => {
		await pushImage(face.instance, "p/moving", "stays", "one");
		await pushImage(face.instance, "p/moving", "goes", "one");
		const moved = await pushImage(face.instance, "p/moving", "stays", "two");
		await face.fetch("/v2/p/moving/manifests/goes", { method: "DELETE" });
		const response = await face.fetch("/v2/p/moving/_limani/tags/digests");
		assert.deepEqual(await response.json(), { name: "p/moving", tags: [{ name: "stays", digest: moved }] });
	});

	it("give every manifest that refers to another, with the indexes that list what it refers to", async () => {
		const image = await pushImage(face.instance, "p/signed", "1", "config");
		const size = imageOf("config").length;
		const put = async (type: string, body: object): Promise<Digest> => {
			const text = JSON.stringify(body);
			const digest = digestOf(Buffer.from(text));
			const init = { method: "PUT", headers: { "content-type": type }, body: text };
			assert.equal((await face.fetch(`/v2/p/signed/manifests/${digest}`, init)).status, 201);
			return digest;
		};
		const subject = { mediaType: OCI_MANIFEST, digest: image, size };
		const index = await put(OCI_INDEX, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [subject] });
		const signatures: { digest: Digest; subject: Digest; parents: Digest[] }[] = [];
		for (const artifactType of ["application/a", "application/b", "application/c"]) {
			const digest = await put(OCI_MANIFEST, { ...JSON.parse(imageOf("config")), artifactType, subject });
			signatures.push({ digest, subject: image, parents: [index] });
		}
		const found: unknown[] = [];
		let pages = 0;
		for (let next: string | undefined = "/v2/p/signed/_limani/referrers/list?n=2"; next !== undefined; pages++) {
			const response: Response = await face.fetch(next);
			assert.equal(response.status, 200);
			found.push(...JSON.parse(await response.text()).referrers);
			next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
		}
		assert.deepEqual(
			found,
			signatures.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
		);
		assert.equal(pages, 2);
		assert.deepEqual(await (await face.fetch("/v2/p/none/_limani/referrers/list")).json(), {
			name: "p/none",
			referrers: [],
		});
	});

	it("name no more indexes at once than fit into an answer, and go on on the next page", async () => {
		const digestAt = (i: number): Digest => digestOf(Buffer.from(`${i}`));
		const parents = Array.from({ length: 300 }, (_, i) => digestAt(i));
		const all = Array.from({ length: 250 }, (_, i) => digestAt(1_000 + i)).toSorted();
		const asked: number[] = [];
		const manifests = {
			...face.instance.registry.manifests,
			attached: async (
				_: string,
				{ last = "", limit }: { readonly last?: string | undefined; readonly limit: number },
			) => {
				asked.push(limit);
				const after = all.filter((digest) => digest > last);
				const referrers = after.slice(0, limit).map((digest) => ({ digest, subject: digest, pushedAt: 0, parents }));
				return { referrers, more: after.length > limit };
			},
		};
		const registry = { ...face.instance.registry, manifests };
		const found: string[] = [];
		const sizes: number[] = [];
		for (let text = "n=1000"; text !== ""; ) {
			const context = { registry, query: new URLSearchParams(text), signal: forever };
			const reply = await getAttached(context, { kind: "attached", repository: "p/app" });
			const { referrers } = JSON.parse(String(reply.body));
			sizes.push(referrers.length);
			found.push(...referrers.map(({ digest }: { digest: string }) => digest));
			text = /\?([^>]+)>/.exec(reply.headers.join(" "))?.[1] ?? "";
		}
		assert.deepEqual([found, sizes], [all, [100, 100, 50]]);
		assert.ok(Math.max(...asked) <= 100);
	});

	it("say that a repository is not there as its tag list does", async () => {
		for (const path of ["tags/list", "_limani/tags/digests"]) {
			const response = await face.fetch(`/v2/p/none/${path}`);
			assert.equal(response.status, 404);
			assert.equal(JSON.parse(await response.text()).errors[0].code, "NAME_UNKNOWN");
		}
	});

	it("are read, and nothing else", async () => {
		const response = await face.fetch("/v2/p/app/_limani/tags/digests", { method: "DELETE" });
		assert.equal(response.status, 405);
		assert.equal(response.headers.get("allow"), "GET, HEAD");
	});
});
