import type { KubeObject } from "#/kube/kube-object.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { badRequest, type StatusError } from "#/kube-embedded/status-error.ts";
import type { EmbeddedStore } from "#/kube-embedded/store/embedded-store.ts";
import type { StoreEvent } from "#/kube-embedded/store/store-event.ts";
import { ExpiredListError } from "./expired-list-error.ts";
import type { Selector } from "./selectors.ts";

/** Which page of a list is asked for. */
export interface WantedPage {
	readonly kind: ServedKind;
	/** Absent: all namespaces. */
	readonly namespace: string | undefined;
	/** Objects as the kind shows them. */
	readonly selector: Selector;
	/** 0: all. */
	readonly limit: number;
	/** From the page before. */
	readonly next: string | undefined;
	/** The state at exactly this version; absent: now. */
	readonly exactly: number | undefined;
}

/** A page of a list, at one version for all of its pages. */
export interface ListPage {
	readonly items: readonly KubeObject[];
	readonly revision: number;
	readonly next: string | undefined;
	/** How many follow, selected or not; absent on the last page. */
	readonly remaining: number | undefined;
}

interface Position {
	readonly revision: number;
	readonly namespace: string;
	readonly name: string;
}

const writePosition = ({ revision, namespace, name }: Position): string =>
	Buffer.from(JSON.stringify([revision, namespace, name])).toString("base64url");

/** The version of a place in a list that goes on with things as they are by now. */
const LATEST = -1;

const badToken = (why: string): StatusError => badRequest(`invalid continue token: continue key is not valid: ${why}`);

const readPosition = (token: string): Position => {
	let value: unknown;
	const stray = token.search(/[^A-Za-z0-9_-]/);
	const early = token.length % 4 === 1 ? token.length - 1 : -1;
	if (stray >= 0 || early >= 0) throw badToken(`illegal base64 data at input byte ${stray >= 0 ? stray : early}`);
	try {
		value = JSON.parse(Buffer.from(token, "base64url").toString());
	} catch {
		value = undefined;
	}
	const [revision, namespace, name] = Array.isArray(value) ? value : [];
	if (typeof revision !== "number" || typeof namespace !== "string" || typeof name !== "string") {
		throw badToken("server does not recognize this encoded version ");
	}
	return { revision, namespace, name };
};

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ""}\u0000${metadata.name}`;

const byKey = (one: KubeObject, other: KubeObject): number => {
	const [first, second] = [keyOf(one), keyOf(other)];
	return first < second ? -1 : first > second ? 1 : 0;
};

const CHUNK = 500;

/** Objects behind a place as they are, a chunk at a time, so that a page costs no more than what it looks at. */
function* listNow(
	store: EmbeddedStore,
	{ kind, namespace }: WantedPage,
	start: Omit<Position, "revision">,
): Generator<KubeObject> {
	let after = start;
	for (;;) {
		const chunk = store.list({ resource: kind.storage, namespace, after, limit: CHUNK });
		yield* chunk;
		const last = chunk.at(-1);
		if (last === undefined || chunk.length < CHUNK) return;
		after = { namespace: last.metadata.namespace ?? "", name: last.metadata.name };
	}
}

/** What was otherwise at an earlier version: each object that changed since, as it was then; absent: not there. */
type Since = ReadonlyMap<string, { readonly before: KubeObject | undefined; readonly isThere: boolean }>;

const sinceOf = (
	events: readonly StoreEvent[],
	{ namespace }: WantedPage,
	after: Omit<Position, "revision">,
): Since => {
	const since = new Map<string, { readonly before: KubeObject | undefined; readonly isThere: boolean }>();
	const start = `${after.namespace}\u0000${after.name}`;
	for (const event of events) {
		const key = `${event.namespace}\u0000${event.name}`;
		if (key <= start || (namespace !== undefined && event.namespace !== namespace)) continue;
		const known = since.get(key);
		since.set(key, { before: known === undefined ? event.before : known.before, isThere: event.after !== undefined });
	}
	return since;
};

/** Objects as they were at an earlier version, in order: today's, with those that changed since as they were. */
function* listBack(now: Iterable<KubeObject>, since: Since): Generator<KubeObject> {
	const changed = [...since.values()].flatMap(({ before }) => (before === undefined ? [] : [before])).toSorted(byKey);
	let next = 0;
	for (const object of now) {
		if (since.has(keyOf(object))) continue;
		for (let before = changed[next]; before !== undefined && byKey(before, object) < 0; before = changed[next]) {
			yield before;
			next++;
		}
		yield object;
	}
	yield* changed.slice(next);
}

/** How many more there were than there are. */
const moreThen = (since: Since): number =>
	[...since.values()].reduce((sum, { before, isThere }) => sum + Number(before !== undefined) - Number(isThere), 0);

/** The first objects that are meant, one more than the page takes if there are so many. */
const select = (objects: Iterable<KubeObject>, { kind, selector, limit }: WantedPage): KubeObject[] => {
	const found: KubeObject[] = [];
	for (const stored of objects) {
		const object = kind.fromStored(stored);
		if (selector(object)) found.push(object);
		if (limit > 0 && found.length > limit) break;
	}
	return found;
};

/** One page of the objects that a selector means. @throws StatusError Expired when its version is no longer kept */
export const listPage = (store: EmbeddedStore, wanted: WantedPage): ListPage => {
	const { kind, limit, next, exactly } = wanted;
	const start: Position =
		next === undefined
			? { revision: exactly ?? store.revision, namespace: wanted.namespace ?? "", name: "" }
			: readPosition(next);
	const { revision: asked, ...after } = start;
	const revision = asked === LATEST ? store.revision : asked;
	if (revision < store.compacted) {
		throw next === undefined
			? new ExpiredListError()
			: new ExpiredListError(writePosition({ revision: LATEST, ...after }));
	}
	const events = revision < store.revision ? store.eventsAfter(kind.storage, revision, -1) : [];
	const since = sinceOf(events, wanted, after);
	const found = select(listBack(listNow(store, wanted, after), since), wanted);
	const items = limit > 0 ? found.slice(0, limit) : found;
	const last = items.at(-1);
	if (last === undefined || items.length === found.length)
		return { items, revision, next: undefined, remaining: undefined };
	const { namespace = "", name } = last.metadata;
	const total = store.count({ resource: kind.storage, namespace: wanted.namespace, after }) + moreThen(since);
	const token = writePosition({ revision, namespace, name });
	return { items, revision, next: token, remaining: total - items.length };
};
