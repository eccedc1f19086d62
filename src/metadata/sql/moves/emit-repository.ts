import { formatRecord } from "#/metadata/records.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import { all, type Step } from "#/metadata/sql/engine/statement.ts";
import type { PageKey, SnapshotPage } from "#/metadata/sql/snapshots/snapshot-page.ts";
import { snapshotPage } from "#/metadata/sql/snapshots/snapshot-pages.ts";
import { MOVER } from "./copy-commands.ts";

/** What a repository has, section by section of a snapshot, each with the key before its first row. */
const SECTIONS: readonly (readonly [
	section: "repositories" | "links" | "deletions" | "manifests" | "uses" | "tags",
	before: (id: number) => PageKey,
])[] = [
	["repositories", (id) => [id - 1]],
	["links", (id) => [id, ""]],
	["deletions", (id) => [id, ""]],
	["manifests", (id) => [id, ""]],
	["uses", (id) => [id, ""]],
	["tags", (id) => [id, "", 0]],
];

/** Rows of a page: at the end of a repository, so many of the next one are read in vain at most. */
const PAGE_ROWS = 128;

/**
 * Records a repository, which is in this store by now, with all that it has, so that the store's journal alone gives it
 * back. The last record says that it was all.
 */
export function* emitRepository({ id, name }: Pick<RepositoryFacts, "id" | "name">, store: string): Step<void> {
	let placed: JournalRecord | undefined;
	for (const [section, before] of SECTIONS) {
		const limit = section === "repositories" ? 1 : PAGE_ROWS;
		for (let after: PageKey | undefined = before(id); after !== undefined; ) {
			const page: SnapshotPage = yield* snapshotPage({ section, store, after, limit });
			const own: readonly JournalRecord[] = page.records.filter((record) => repositoryOf(record) === name);
			for (const record of own) yield* write(section === "repositories" ? asMoved(record) : record);
			if (section === "repositories") placed = own[0];
			after = own.length < page.records.length || section === "repositories" ? undefined : page.next;
		}
	}
	if (placed === undefined) throw new Error(`the repository ${name} is not in the store ${store}`);
	const arrived = {
		kind: "repository-arrived",
		repository: name,
		placement: placementOf(placed),
		actor: MOVER,
	} as const;
	yield* write({ ...formatRecord(arrived), store, at: placed.at });
}

const asMoved = (record: JournalRecord): JournalRecord => ({
	...record,
	body: JSON.stringify({ ...Object(JSON.parse(record.body)), moved: true }),
});

function* write({ kind, body, store, at }: JournalRecord): Step<void> {
	yield* all(
		"INSERT INTO outbox (at, store, kind, size, body) VALUES (?, ?, ?, ?, ?)",
		at,
		store,
		kind,
		Buffer.byteLength(body),
		body,
	);
}

const repositoryOf = ({ body }: JournalRecord): unknown => memberOf(body, "repository");

const placementOf = ({ body }: JournalRecord): number => {
	const placement = memberOf(body, "placement");
	return typeof placement === "number" ? placement : 0;
};

const memberOf = (body: string, name: string): unknown => {
	const parsed: unknown = JSON.parse(body);
	return typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, name) : undefined;
};
