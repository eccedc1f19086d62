import { z } from "zod";
import { bytesOf, digestOf, intOf, jsonOf, maybeDigest, maybeText, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, type Row, type Step } from "#/metadata/sql/engine/statement.ts";
import type { Digest } from "#/oci/digest.ts";
import { type PageRequest, type SnapshotPage, toJournal, toPage } from "./snapshot-page.ts";

/** A page holds about so many bytes of payloads, or one manifest that is larger. */
const PAGE_BYTES = 4_194_304;

const annotationMap = z.record(z.string(), z.string()).optional();

/** A page of the manifests of a store with what they reference. */
export function* manifestPage({ store, after = [0, ""], limit }: PageRequest): Step<SnapshotPage> {
	const sizes = yield* all(
		`SELECT m.size FROM manifests m CROSS JOIN repositories r
		WHERE (m.repository_id, m.digest) > (?, ?) AND r.id = m.repository_id AND r.store = ? ORDER BY m.repository_id, m.digest LIMIT ?`,
		...after,
		store,
		limit,
	);
	const count = fitting(sizes);
	if (count === 0) return { records: [], next: undefined };
	const rows = yield* all(
		`SELECT m.*, r.name FROM manifests m CROSS JOIN repositories r
		WHERE (m.repository_id, m.digest) > (?, ?) AND r.id = m.repository_id AND r.store = ? ORDER BY m.repository_id, m.digest LIMIT ?`,
		...after,
		store,
		count,
	);
	const parts = new Map<Row, References>();
	for (const row of rows) parts.set(row, yield* references(row));
	return toPage(rows, count, ["repository_id", "digest"], (row) => {
		const part = parts.get(row);
		return [
			toJournal(store, intOf(row, "pushed_at"), {
				kind: "manifest-put",
				repository: textOf(row, "name"),
				digest: digestOf(row, "digest"),
				mediaType: textOf(row, "media_type"),
				artifactType: maybeText(row, "artifact_type"),
				annotations: annotationMap.parse(jsonOf(row, "annotations")),
				config: maybeDigest(row, "config_digest"),
				subject: maybeDigest(row, "subject"),
				blobs: part?.blobs ?? [],
				children: part?.children ?? [],
				payload: Buffer.from(bytesOf(row, "payload")).toString("base64"),
				actor: textOf(row, "pushed_by"),
			}),
		];
	});
}

/** How many of the manifests, of which these are the sizes, make a page. */
export function fitting(sizes: readonly Row[]): number {
	let bytes = 0;
	let count = 0;
	for (const row of sizes) {
		bytes += intOf(row, "size");
		if (count > 0 && bytes > PAGE_BYTES) break;
		count += 1;
	}
	return count;
}

interface References {
	readonly blobs: Digest[];
	readonly children: Digest[];
}

function* references(row: Row): Step<References> {
	const key = [intOf(row, "repository_id"), textOf(row, "digest")] as const;
	const blobs = yield* all(
		"SELECT digest FROM manifest_blobs WHERE repository_id = ? AND manifest = ? ORDER BY digest",
		...key,
	);
	const children = yield* all(
		"SELECT child AS digest FROM manifest_children WHERE repository_id = ? AND parent = ? ORDER BY child",
		...key,
	);
	return { blobs: blobs.map((blob) => digestOf(blob, "digest")), children: children.map((c) => digestOf(c, "digest")) };
}
