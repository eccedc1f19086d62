import type { KubeObject } from "#/kube/kube-object.ts";
import { apiVersionOf } from "#/kube/resource-type.ts";
import { withoutFields } from "#/kube-embedded/json.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { partialOf, type TableSettings, tableOf } from "#/kube-embedded/tables/table.ts";
import type { ListPage } from "#/kube-embedded/verbs/list-page.ts";
import { acceptedForm } from "./accepted-form.ts";
import { type ApiReply, type ApiRequest, queryOf } from "./api-request.ts";

/** What the rows of a table carry, as the client asks. */
export const includedObject = (request: Pick<ApiRequest, "url">): TableSettings["include"] => {
	const asked = queryOf(request, "includeObject");
	return asked === "None" || asked === "Object" ? asked : "Metadata";
};

/** Warnings as headers, RFC 7234 section 5.5. */
export const warningHeaders = (warnings: readonly string[]): Readonly<Record<string, string>> => {
	if (warnings.length === 0) return {};
	const quoted = warnings.map((text) => `299 - "${text.replace(/[\r\n]+/g, " ").replace(/["\\]/g, "\\$&")}"`);
	return { Warning: quoted.join(", ") };
};

/** One object in the form that the client takes. */
export const objectReply = (
	request: ApiRequest,
	kind: ServedKind,
	object: KubeObject,
	{
		status = 200,
		warnings = [],
		now,
	}: { readonly status?: number; readonly warnings?: readonly string[]; readonly now: number },
): ApiReply => {
	const headers = warningHeaders(warnings);
	const form = acceptedForm(request);
	if (form === "whole") return { status, headers, json: object };
	if (form === "metadata") return { status, headers, json: partialOf(object) };
	const { resourceVersion = "" } = object.metadata;
	const settings = { include: includedObject(request), now, headings: true };
	return { status, headers, json: tableOf(kind, [object], { resourceVersion }, settings) };
};

const pageMetadata = (page: ListPage): Readonly<Record<string, unknown>> => ({
	resourceVersion: String(page.revision),
	...(page.next === undefined ? {} : { continue: page.next }),
	...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
});

/**
 * A page of a list as it is. Entries of built-in kinds do not say what they are, as the list does; lists of custom
 * resources have a continuation even where nothing follows.
 */
export const listOf = (kind: ServedKind, page: ListPage): Readonly<Record<string, unknown>> => {
	const metadata = pageMetadata(page);
	return {
		kind: kind.listKind,
		apiVersion: apiVersionOf(kind.type),
		metadata: kind.crd === undefined ? metadata : { continue: "", ...metadata },
		items: kind.crd === undefined ? page.items.map((item) => withoutFields(item, ["apiVersion", "kind"])) : page.items,
	};
};

/** A page of a list in the form that the client takes. */
export const listReply = (request: ApiRequest, kind: ServedKind, page: ListPage, now: number): ApiReply => {
	const metadata = pageMetadata(page);
	const form = acceptedForm(request);
	if (form === "table") {
		const settings = { include: includedObject(request), now, headings: true };
		return { status: 200, json: tableOf(kind, page.items, metadata, settings) };
	}
	if (form === "metadata") {
		const head = { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1", metadata };
		return { status: 200, json: { ...head, items: page.items.map(partialOf) } };
	}
	return { status: 200, json: listOf(kind, page) };
};
