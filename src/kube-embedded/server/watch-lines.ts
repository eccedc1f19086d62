import type { KubeObject } from "#/kube/kube-object.ts";
import { apiVersionOf } from "#/kube/resource-type.ts";
import { fieldAt } from "#/kube-embedded/json.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { StatusError } from "#/kube-embedded/status-error.ts";
import { objectOf, type StoreEvent } from "#/kube-embedded/store/store-event.ts";
import { watchStore } from "#/kube-embedded/store/watch-store.ts";
import { partialOf, type TableSettings, tableOf } from "#/kube-embedded/tables/table.ts";
import { listPage } from "#/kube-embedded/verbs/list-page.ts";
import type { Selector } from "#/kube-embedded/verbs/selectors.ts";
import type { VerbDeps } from "#/kube-embedded/verbs/verb-deps.ts";
import type { AcceptedForm } from "./accepted-form.ts";

/** What a client wants to watch, and how. */
export interface WantedWatch {
	readonly kind: ServedKind;
	/** Absent: all namespaces. */
	readonly namespace: string | undefined;
	readonly selector: Selector;
	/** Absent: what there is first, then what comes. */
	readonly since: number | undefined;
	readonly bookmarks: boolean;
	/** Whether a bookmark says where what there is ends. */
	readonly marksInitialEnd: boolean;
	readonly form: AcceptedForm;
	readonly include: TableSettings["include"];
	/** Milliseconds. */
	readonly bookmarkEvery: number;
}

type EventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";

const lineOf = (type: EventType | "ERROR", object: unknown): string => `${JSON.stringify({ type, object })}\n`;

/** The line that says that a version is too old. */
export const goneLine = (revision: number, oldest: number): string => {
	const error = new StatusError("Expired", `too old resource version: ${revision} (${oldest})`);
	return lineOf("ERROR", error.toStatus());
};

/** What an event is for somebody who sees the selected objects alone; undefined when it is nothing. */
const seenAs = (
	{ kind, namespace, selector }: WantedWatch,
	event: StoreEvent,
): { readonly type: Exclude<EventType, "BOOKMARK">; readonly object: KubeObject } | undefined => {
	if (namespace !== undefined && event.namespace !== namespace) return undefined;
	const isSeen = (object: KubeObject | undefined): boolean => object !== undefined && selector(kind.fromStored(object));
	const [was, is] = [isSeen(event.before), isSeen(event.after)];
	if (!was && !is) return undefined;
	if (is) return { type: was ? "MODIFIED" : "ADDED", object: kind.fromStored(objectOf(event)) };
	const { before, after } = event;
	if (before === undefined || after === undefined) return { type: "DELETED", object: kind.fromStored(objectOf(event)) };
	// What is meant no longer is told as it was when it was meant, at the version at which that ended.
	const { resourceVersion } = after.metadata;
	const metadata = { ...before.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
	return { type: "DELETED", object: kind.fromStored({ ...before, metadata }) };
};

/** An object without a name: it only says how far the watch is. */
type Bookmark = Pick<KubeObject, "kind" | "apiVersion"> & {
	readonly metadata: Readonly<Record<string, unknown>> & { readonly resourceVersion: string };
};

const bookmarkOf = ({ type }: ServedKind, revision: number, initialEnd: boolean): Bookmark => ({
	kind: type.kind,
	apiVersion: apiVersionOf(type),
	metadata: {
		resourceVersion: String(revision),
		...(initialEnd ? { annotations: { "k8s.io/initial-events-end": "true" } } : {}),
	},
});

/** Writes events in the form that the client takes; only the first table of a watch has headings. */
const writerOf = ({ kind, form, include }: WantedWatch, now: () => number) => {
	let headings = true;
	const table = (resourceVersion: string, rows: readonly KubeObject[]): unknown => {
		const rendered = tableOf(kind, rows, { resourceVersion }, { include, now: now(), headings });
		headings = false;
		return rendered;
	};
	return {
		event: (type: Exclude<EventType, "BOOKMARK">, object: KubeObject): string => {
			if (form === "whole") return lineOf(type, object);
			if (form === "metadata") return lineOf(type, partialOf(object));
			return lineOf(type, table(object.metadata.resourceVersion ?? "", [object]));
		},
		bookmark: (bookmark: Bookmark): string => {
			if (form === "whole") return lineOf("BOOKMARK", bookmark);
			if (form === "metadata") return lineOf("BOOKMARK", partialOf(bookmark));
			return lineOf("BOOKMARK", table(bookmark.metadata.resourceVersion, []));
		},
	};
};

/** Ends a watch when the definition of its kind changes: the objects look another way then. */
const endingWithKind = (kind: ServedKind, { store }: VerbDeps, signal: AbortSignal) => {
	const changed = new AbortController();
	const name = `${kind.type.plural}.${kind.type.group}`;
	const subscription = store.subscribe(({ resource, name: changedName, before, after }) => {
		if (resource !== "apiextensions.k8s.io/customresourcedefinitions" || changedName !== name) return;
		const generation = (object: KubeObject | undefined): unknown => fieldAt(object, ["metadata", "generation"]);
		if (generation(before) !== generation(after)) changed.abort();
	});
	return { signal: AbortSignal.any([signal, changed.signal]), [Symbol.dispose]: () => subscription[Symbol.dispose]() };
};

/** The lines of a watch, until the signal ends it, it does not keep up, or what it watches is defined anew. */
export async function* watchLines(
	wanted: WantedWatch,
	deps: VerbDeps,
	signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
	const { kind, bookmarks, bookmarkEvery } = wanted;
	const { store } = deps;
	using ending = endingWithKind(kind, deps, signal);
	const write = writerOf(wanted, deps.now);
	const revision = wanted.since ?? store.revision;
	if (wanted.since === undefined) {
		const page = listPage(store, { ...wanted, limit: 0, next: undefined, exactly: undefined });
		for (const object of page.items) yield write.event("ADDED", object);
		if (wanted.marksInitialEnd) yield write.bookmark(bookmarkOf(kind, revision, true));
	}
	const changes = watchStore(store, { resource: kind.storage, revision, bookmarkEvery }, ending.signal);
	for (;;) {
		const { done, value } = await changes.next();
		if (done === true) {
			if (value === "gone") yield goneLine(revision, store.compacted);
			return;
		}
		if (value.resource === undefined) {
			if (bookmarks) yield write.bookmark(bookmarkOf(kind, value.revision, false));
			continue;
		}
		const seen = seenAs(wanted, value);
		if (seen !== undefined) yield write.event(seen.type, seen.object);
	}
}
