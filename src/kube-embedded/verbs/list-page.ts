import type { KubeObject } from "#/kube/kube-object.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { badRequest, StatusError } from "#/kube-embedded/status-error.ts";
import type { EmbeddedStore } from "#/kube-embedded/store/embedded-store.ts";
import type { StoreEvent } from "#/kube-embedded/store/store-event.ts";
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

const readPosition = (token: string): Position => {
	let value: unknown;
	try {
		value = JSON.parse(Buffer.from(token, "base64url").toString());
	} catch {
		value = undefined;
	}
	const [revision, namespace, name] = Array.isArray(value) ? value : [];
	if (typeof revision !== "number" || typeof namespace !== "string" || typeof name !== "string") {
		throw badRequest("continue key is not valid");
	}
	return { revision, namespace, name };
};

const expired = (): StatusError =>
	new StatusError(
		"Expired",
		"The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.",
	);

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ""}\u0000${metadata.name}`;

const byKey = (one: KubeObject, other: KubeObject): number => {
	const [first, second] = [keyOf(one), keyOf(other)];
	return first < second ? -1 : first > second ? 1 : 0;
};

/** Objects behind a place as they were at an earlier version: today's, with what happened since taken back. */
const listBack = (
	store: EmbeddedStore,
	{ kind, namespace }: WantedPage,
	after: Omit<Position, "revision">,
	since: readonly StoreEvent[],
): KubeObject[] => {
	const now = store.list({ resource: kind.storage, namespace, after });
	const objects = new Map(now.map((object) => [keyOf(object), object]));
	const start = `${after.namespace}\u0000${after.name}`;
	for (const event of since.toReversed()) {
		const key = `${event.namespace}\u0000${event.name}`;
		if (key <= start || (namespace !== undefined && event.namespace !== namespace)) continue;
		if (event.before === undefined) objects.delete(key);
		else objects.set(key, event.before);
	}
	return [...objects.values()].toSorted(byKey);
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
	const { revision, ...after } = start;
	if (revision < store.compacted) throw expired();
	const since = revision < store.revision ? store.eventsAfter(kind.storage, revision, -1) : [];
	const past = since.length === 0 ? undefined : listBack(store, wanted, after, since);
	const found = select(past ?? listNow(store, wanted, after), wanted);
	const items = limit > 0 ? found.slice(0, limit) : found;
	const last = items.at(-1);
	if (last === undefined || items.length === found.length)
		return { items, revision, next: undefined, remaining: undefined };
	const { namespace = "", name } = last.metadata;
	const total = past?.length ?? store.count({ resource: kind.storage, namespace: wanted.namespace, after });
	const token = writePosition({ revision, namespace, name });
	return { items, revision, next: token, remaining: total - items.length };
};
