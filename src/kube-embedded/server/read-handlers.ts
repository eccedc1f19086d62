import { randomInt } from "node:crypto";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { badRequest, notFound, StatusError } from "#/kube-embedded/status-error.ts";
import { listPage } from "#/kube-embedded/verbs/list-page.ts";
import { parseFieldSelector, parseLabelSelector, type Selector } from "#/kube-embedded/verbs/selectors.ts";
import type { Target, VerbDeps } from "#/kube-embedded/verbs/verb-deps.ts";
import { acceptedForm } from "./accepted-form.ts";
import { type ApiReply, type ApiRequest, isAsked, queryOf } from "./api-request.ts";
import { checkListOptions } from "./list-options.ts";
import { includedObject, listReply, objectReply } from "./object-reply.ts";
import { watchLines } from "./watch-lines.ts";

/** Which objects a request is about. */
export interface Scope {
	readonly kind: ServedKind;
	/** Absent: all namespaces, or a kind that has none. */
	readonly namespace: string | undefined;
}

/** What reading needs beside the verbs. */
export interface ReadDeps extends VerbDeps {
	/** Milliseconds between two bookmarks. */
	readonly bookmarkEvery: number;
}

const numberOf = (request: Pick<ApiRequest, "url">, name: string): number | undefined => {
	const text = queryOf(request, name);
	if (text === undefined) return undefined;
	if (!/^[-+]?\d{1,15}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
	return Number(text);
};

const revisionOf = (request: Pick<ApiRequest, "url">): number | undefined => {
	const text = queryOf(request, "resourceVersion");
	if (text === undefined || /^\d{1,15}$/.test(text)) return text === undefined ? undefined : Number(text);
	const value = JSON.stringify(text);
	const why = `resourceVersion: Invalid value: ${value}: strconv.ParseUint: parsing ${value}: invalid syntax`;
	throw isAsked(request, "watch") ? new StatusError("Unknown", why) : badRequest(`invalid resource version: ${why}`);
};

/** A version from the future is waited for by asking again. @throws StatusError Timeout */
const knownRevision = (request: Pick<ApiRequest, "url">, { store }: VerbDeps): number | undefined => {
	const revision = revisionOf(request);
	if (revision === undefined || revision <= store.revision) return revision;
	throw new StatusError("Timeout", `Timeout: Too large resource version: ${revision}, current: ${store.revision}`, {
		causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
		retryAfterSeconds: 1,
	});
};

/** What a request selects by labels and fields. @throws StatusError BadRequest */
export const selectorOf = (request: Pick<ApiRequest, "url">, kind: ServedKind): Selector => {
	const byLabel = parseLabelSelector(queryOf(request, "labelSelector") ?? "");
	const byField = parseFieldSelector(kind, queryOf(request, "fieldSelector") ?? "");
	return (object) => byLabel(object) && byField(object);
};

/** GET of an object. @throws StatusError NotFound */
export const getObject = (request: ApiRequest, { kind, namespace, name }: Target, deps: ReadDeps): ApiReply => {
	knownRevision(request, deps);
	const object = deps.store.find({ resource: kind.storage, namespace, name });
	if (object === undefined) throw notFound(kind.type, name);
	return objectReply(request, kind, kind.fromStored(object), { now: deps.now() });
};

/** GET of a list, a page at a time when the client limits it. @throws StatusError */
export const listObjects = (request: ApiRequest, { kind, namespace }: Scope, deps: ReadDeps): ApiReply => {
	checkListOptions(request);
	const revision = knownRevision(request, deps);
	const match = queryOf(request, "resourceVersionMatch");
	const limit = Math.max(0, numberOf(request, "limit") ?? 0);
	const next = queryOf(request, "continue");
	// A limited list at a version is of exactly that one, unless it says otherwise.
	const isExact = match === "Exact" || (match === undefined && limit > 0 && (revision ?? 0) > 0);
	if (next !== undefined && (revision ?? 0) > 0) {
		throw badRequest("specifying resource version is not allowed when using continue");
	}
	const exactly = isExact && next === undefined ? revision : undefined;
	const selector = selectorOf(request, kind);
	const page = listPage(deps.store, { kind, namespace, selector, limit, next, exactly });
	const selects = queryOf(request, "labelSelector") !== undefined || queryOf(request, "fieldSelector") !== undefined;
	return listReply(request, kind, selects ? { ...page, remaining: undefined } : page, deps.now());
};

const HALF_AN_HOUR = 1800;

/** GET of a watch. @throws StatusError before it begins */
export const watchObjects = (request: ApiRequest, { kind, namespace }: Scope, deps: ReadDeps): ApiReply => {
	checkListOptions(request);
	const revision = revisionOf(request) ?? 0;
	const initial = queryOf(request, "sendInitialEvents");
	const seconds = numberOf(request, "timeoutSeconds") || HALF_AN_HOUR + randomInt(HALF_AN_HOUR);
	const signal = AbortSignal.any([request.signal, AbortSignal.timeout(seconds * 1000)]);
	const bookmarks = isAsked(request, "allowWatchBookmarks");
	const wanted = {
		kind,
		namespace,
		selector: selectorOf(request, kind),
		since:
			initial === "true" || (revision === 0 && initial === undefined) ? undefined : revision || deps.store.revision,
		bookmarks,
		marksInitialEnd: initial === "true" && bookmarks,
		form: acceptedForm(request),
		include: includedObject(request),
		bookmarkEvery: deps.bookmarkEvery,
	};
	return { status: 200, lines: watchLines(wanted, deps, signal) };
};
