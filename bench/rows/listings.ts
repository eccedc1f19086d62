import { percentiles, type Row } from "../row.ts";
import type { Server } from "../servers/server.ts";

type PathsOf = (server: Server, tools: Parameters<Row["measure"]>[1]) => readonly string[];

/** One connection asks for one listing after the other; some of them are several requests. */
const row = (
	{ name, title, seeds, remark, targets }: Pick<Row, "name" | "title" | "seeds" | "targets"> & { remark: string },
	times: Readonly<Record<Server["kind"], number>>,
	pathsOf: PathsOf,
): Row => ({
	name,
	title,
	unit: "listing",
	seeds,
	remark,
	applies: ({ kind }) => times[kind] > 0,
	measure: async (server, tools) => {
		const { port, authorization, kind } = server;
		const paths = pathsOf(server, tools);
		const all = Array.from({ length: times[kind] }, () => paths).flat();
		const { seconds, latencies } = await tools.puller.pull({ port, authorization, connections: [all] });
		return { amount: times[kind], seconds, ...percentiles(latencies) };
	},
	targets,
});

const PAGE_TARGETS: Row["targets"] = [
	{ against: "docker-registry", ratio: 100 },
	{ against: "others", ratio: 1 },
];

const tagRow = row(
	{
		name: "tags",
		title: "Page of 100 tags of 100,000",
		seeds: ["tags"],
		remark: "docker-registry 2.8 knows no pages of tags and always sends all",
		targets: PAGE_TARGETS,
	},
	{ limani: 1000, registry: 3, nginx: 0 },
	() => ["/v2/team/tags/tags/list?n=100&last=tag-050000"],
);

const catalogRow = row(
	{
		name: "catalog",
		title: "Page of 100 repositories of 100,000",
		seeds: ["catalog"],
		remark: "from the middle of the catalog",
		targets: PAGE_TARGETS,
	},
	{ limani: 1000, registry: 1, nginx: 0 },
	() => ["/v2/_catalog?n=100&last=p50/app-050050"],
);

const referrerRow = row(
	{
		name: "referrers",
		title: "All of 10,000 referrers",
		seeds: ["referrers"],
		remark: "Limani: ten pages of the referrers API, p50 and p99 of one; docker-registry: the fallback tag's index",
		targets: [{ against: "others", ratio: 1 }],
	},
	{ limani: 5, registry: 5, nginx: 0 },
	({ kind }, { seeded: { referrers } }) => {
		const { subject, content } = referrers ?? {};
		if (subject === undefined || content === undefined) return [];
		if (kind !== "limani") return [`/v2/${content.repository}/manifests/${subject.digest.replace(":", "-")}`];
		const [, ...others] = content.manifests;
		const digests = others.map(({ digest }) => digest).toSorted();
		const starts = digests.filter((_, index) => index % 1000 === 999).slice(0, -1);
		const path = `/v2/${content.repository}/referrers/${subject.digest}?n=1000`;
		return [path, ...starts.map((last) => `${path}&last=${last}`)];
	},
);

const firstReferrersRow = row(
	{
		name: "referrers-page",
		title: "Page of 100 referrers of 10,000",
		seeds: ["referrers"],
		remark: "docker-registry has no referrers API",
		targets: [],
	},
	{ limani: 500, registry: 0, nginx: 0 },
	(_, { seeded: { referrers } }) => [
		`/v2/${referrers?.content.repository}/referrers/${referrers?.subject.digest}?n=100`,
	],
);

/** Lists whose cost must not grow with what is not on the page. */
export const listingRows: readonly Row[] = [tagRow, catalogRow, referrerRow, firstReferrersRow];
