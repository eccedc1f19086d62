import assert from "node:assert/strict";
import { test } from "node:test";
import { collect, openStandInRegistry } from "../support/remote.ts";
import { type SeenRequest, StandIn, type StandInReply } from "../support/stand-in.ts";

const { signal } = new AbortController();

/** A registry that lists these tags. */
const lister =
	(answer: (request: SeenRequest) => StandInReply) =>
	(request: SeenRequest): StandInReply => {
		if (request.path === "/v2/") return {};
		assert.equal(request.path, "/v2/team/app/tags/list");
		return answer(request);
	};

/** All tags that come. */
const tagsOf = async (answer: (request: SeenRequest) => StandInReply) => {
	await using standIn = await StandIn.open(lister(answer));
	await using registry = openStandInRegistry(standIn);
	const tags = await collect(await registry.tags("team/app", signal));
	return { tags, asked: standIn.lines.slice(1).map((line) => line.split("/tags/list")[1]) };
};

const tagsBody = (...tags: readonly string[]) => ({ body: { name: "team/app", tags } });
const many = (from: number, to: number): readonly string[] =>
	Array.from({ length: to - from }, (_, i) => `t${String(from + i).padStart(6, "0")}`);

for (const link of [
	'</v2/team/app/tags/list?last=b&n=2>; rel="next"',
	'<https://registry.example.com/v2/team/app/tags/list?last=b&n=2>; rel="next"',
	'<?last=b&n=2>; rel="next"',
	// A proxy that does TLS for a registry that does not know of it.
	'<http://registry.example.com/v2/team/app/tags/list?last=b&n=2>; rel="next"',
]) {
	test(`the next page is found by ${link}`, async () => {
		const { tags, asked } = await tagsOf(({ query }) =>
			query.get("last") === "b" ? tagsBody("c") : { ...tagsBody("a", "b"), headers: { link } },
		);
		assert.deepEqual(tags, ["a", "b", "c"]);
		assert.deepEqual(asked, ["?n=1000", "?last=b&n=2"]);
	});
}

test("without a link, a full page is followed by what comes after its last tag", async () => {
	const { tags, asked } = await tagsOf(({ query }) =>
		tagsBody(...(query.get("last") === "t000999" ? many(1_000, 1_500) : many(0, 1_000))),
	);
	assert.deepEqual(tags, many(0, 1_500));
	assert.deepEqual(asked, ["?n=1000", "?n=1000&last=t000999"]);
});

test("who knows no pages gives all at once, however many they are", async () => {
	for (const count of [1_000, 1_500]) {
		const { tags } = await tagsOf(() => tagsBody(...many(0, count)));
		assert.equal(tags?.length, count);
	}
});

test("a list without end is read no further than a million tags", async () => {
	const full = many(0, 250_000);
	let pages = 0;
	const endless = (): StandInReply => ({
		body: { name: "team/app", tags: full },
		headers: { link: `</v2/team/app/tags/list?page=${++pages}>; rel="next"` },
	});
	await assert.rejects(tagsOf(endless), /registry.example.com lists more than 1000000 tags of team\/app/);
	assert.equal(pages, 5);
});

test("a repository whose tags have all gone has none", async () => {
	const { tags } = await tagsOf(() => ({ body: { name: "team/app", tags: null } }));
	assert.deepEqual(tags, []);
});

const broken: readonly (readonly [name: string, second: StandInReply, message: RegExp])[] = [
	[
		"leads to another host",
		{ headers: { link: '<https://evil.example.com/>; rel="next"' } },
		/leads on to https:\/\/evil/,
	],
	["leads to itself", { headers: { link: '</v2/team/app/tags/list?last=b>; rel="next"' } }, /over and over/],
	["is gone", { status: 404, body: { errors: [{ code: "NAME_UNKNOWN" }] } }, /ended in its middle/],
	["is no JSON", { body: "<html>" }, /no JSON/],
	["is something else", { body: { tags: [1] } }, /tags\[0\]/],
	["is a failure", { status: 403 }, /403/],
];

for (const [name, second, message] of broken) {
	test(`a list whose second page ${name} fails, and is no shorter list`, async () => {
		await using standIn = await StandIn.open(
			lister(({ query }) => {
				const link = '</v2/team/app/tags/list?last=b>; rel="next"';
				if (query.get("last") !== "b") return { ...tagsBody("a", "b"), headers: { link } };
				return { ...tagsBody("c"), ...second };
			}),
		);
		await using registry = openStandInRegistry(standIn);
		const pages = await registry.tags("team/app", signal);
		await assert.rejects(collect(pages), { code: name === "is a failure" ? "REFUSED" : "INVALID", message });
	});
}

test("a catalog of 100,000 repositories comes page by page, and is never in memory as a whole", async () => {
	const total = 100_000;
	const size = 1_000;
	// Names as long as they may be, so that all of them together could not be overlooked.
	const nameOf = (i: number): string => `p/${String(i).padStart(6, "0")}${"x".repeat(200)}`;
	await using standIn = await StandIn.open(({ path, query }) => {
		if (path === "/v2/") return {};
		const from = Number(query.get("after") ?? 0);
		const repositories = Array.from({ length: size }, (_, i) => nameOf(from + i));
		const link = `</v2/_catalog?n=${size}&after=${from + size}>; rel="next"`;
		return { body: { repositories }, headers: from + size < total ? { link } : {} };
	});
	await using registry = openStandInRegistry(standIn);
	let count = 0;
	let asked = 0;
	let most = 0;
	for await (const page of registry.repositories(signal)) {
		assert.equal(page[0], nameOf(count));
		count += page.length;
		// The next page is not asked for before this one was taken.
		asked = Math.max(asked, standIn.seen.length - count / size);
		if (count % 20_000 === 0) {
			globalThis.gc?.();
			most = Math.max(most, process.memoryUsage().heapUsed);
		}
	}
	assert.equal(count, total);
	assert.equal(asked, 1);
	assert.ok(most < 200 * 1024 * 1024, `${most} bytes of heap`);
});
