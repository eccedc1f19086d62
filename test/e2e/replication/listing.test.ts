// A source so large that its listing must not be waited for, nor kept.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { eventually } from "../../support/eventually.ts";
import { makeImage, openRemote, startReplicatingLimani } from "../../support/replication-bench.ts";

const REPOSITORIES = 100_000;
const PAGE = 1_000;

const nameOf = (i: number): string => `team/r${String(i).padStart(6, "0")}`;

/** The one image that every repository has. */
const image = makeImage(["the one layer"]);
const blobs = new Map(image.blobs.map((blob) => [String(digestOf(blob)), blob]));

interface Answer {
	readonly body: string | Uint8Array;
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string>>;
}

const UNKNOWN: Answer = {
	status: 404,
	body: JSON.stringify({ errors: [{ code: "MANIFEST_UNKNOWN", message: "no" }] }),
};
const PATH = /^\/v2\/(?:(.+)\/)?(_catalog|tags|manifests|blobs|referrers)(?:\/(.*))?$/;

const catalogPage = (last: string | null): Answer => {
	const first = last === null ? 0 : Number(last.slice("team/r".length)) + 1;
	const names = Array.from({ length: Math.min(PAGE, REPOSITORIES - first) }, (_, i) => nameOf(first + i));
	const isLast = first + names.length >= REPOSITORIES;
	const link = `</v2/_catalog?n=${PAGE}&last=${names.at(-1)}>; rel="next"`;
	return { body: JSON.stringify({ repositories: names }), ...(isLast ? {} : { headers: { link } }) };
};

const answerTo = ({ pathname, searchParams }: URL): Answer => {
	if (pathname === "/v2/") return { body: "{}" };
	const [, repository, what, rest = ""] = PATH.exec(pathname) ?? [];
	if (what === "_catalog") return catalogPage(searchParams.get("last"));
	if (what === "tags") return { body: JSON.stringify({ name: repository, tags: ["v1"] }) };
	if (what === "manifests" && !rest.startsWith("sha256-")) {
		const headers = { "content-type": image.mediaType, "docker-content-digest": image.digest };
		return { body: image.payload, headers };
	}
	const blob = blobs.get(rest);
	return blob === undefined ? UNKNOWN : { body: blob, headers: { "docker-content-digest": rest } };
};

/** Lists 100,000 repositories, each with one tag, a page at a time; and notes what was asked for, in order. */
const startHugeSource = async () => {
	const seen: string[] = [];
	const serve = ({ url = "/", method }: IncomingMessage, answer: ServerResponse): void => {
		seen.push(url);
		const { status = 200, headers, body } = answerTo(new URL(url, "http://source"));
		answer.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
		answer.end(method === "HEAD" ? undefined : body);
	};
	const server = createServer(serve);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	assert.ok(typeof address === "object" && address !== null);
	return {
		url: `http://127.0.0.1:${address.port}`,
		seen,
		[Symbol.asyncDispose]: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
};

test("of 100,000 repositories those of the first page are copied before the last page is asked for, in bounded memory", async () => {
	await using source = await startHugeSource();
	await using here = await startReplicatingLimani();
	await using ours = openRemote(here.url);
	// Every thousandth, and so some of each page.
	const filters = { repositories: { matching: ["team/r???007"] } };
	await here.applyPolicy("policy", { direction: "Pull", remote: { url: source.url }, filters });
	const ran = await here.agree("policy");
	assert.equal(ran.copied, REPOSITORIES / PAGE, String(ran.message));
	const pages = [...new Set(source.seen.filter((request) => request.startsWith("/v2/_catalog")))];
	// A full page without a word on the next one is asked for what follows, all the same.
	assert.ok(pages.length >= REPOSITORIES / PAGE, `${pages.length} pages`);
	const firstCopy = source.seen.findIndex((request) => request.startsWith(`/v2/${nameOf(7)}/blobs/`));
	const lastPage = source.seen.lastIndexOf(pages.at(-1) ?? "");
	assert.ok(firstCopy !== -1 && firstCopy < lastPage, `copied at ${firstCopy}, the last page at ${lastPage}`);
	assert.equal(await ours.head(nameOf(99_007), "v1", new AbortController().signal), image.digest);
	const metrics = await (await fetch(`${here.url}/metrics`)).text();
	const resident = Number(/^process_resident_memory_bytes (\S+)/m.exec(metrics)?.[1]);
	assert.ok(resident < 600 * 1024 * 1024, `${resident} bytes resident`);
	await eventually(async () => assert.equal((await here.report("policy"))?.inSync, REPOSITORIES / PAGE));
});
