import { parseDocument } from "yaml";
import type { ResourceType } from "#/kube/resource-type.ts";
import { isJson } from "#/kube-embedded/json.ts";
import { decodeBody } from "#/kube-embedded/proto/decode-body.ts";
import { badRequest, StatusError } from "#/kube-embedded/status-error.ts";
import type { ApiRequest } from "./api-request.ts";

/** A body as a value, and its text where there was one, for what a value no longer shows. */
export interface DecodedBody {
	readonly value: unknown;
	/** JSON; absent for YAML, for protobuf and for no body at all. */
	readonly text: string | undefined;
}

/** The media type of the body, without its parameters; empty when the client names none. */
export const contentType = ({ headers }: Pick<ApiRequest, "headers">): string =>
	(headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

const SUMMARY = 30;

/** What a body that nobody could read looks like. */
const summaryOf = (text: string): string => {
	if (text === "") return "<empty>";
	const begin = text.startsWith("{") ? text.slice(0, SUMMARY) : Buffer.from(text).subarray(0, SUMMARY).toString("hex");
	return Buffer.byteLength(text) > SUMMARY ? `${begin} ...` : begin;
};

/** A body that is none of the kind that a path is about. */
export const unrecognized = ({ kind }: Pick<ResourceType, "kind">, why: string, text: string): StatusError =>
	badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${summaryOf(text)})`);

/** Why a text is no JSON, as far as the parser tells. */
const whyNoJson = (text: string, error: unknown): string => {
	const place = /at position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
	const sign = text[place === undefined ? text.length : Number(place)];
	if (sign === undefined) return "unexpected end of JSON input";
	return `invalid character '${sign}' looking for beginning of value`;
};

const parseJson = (text: string, type: Pick<ResourceType, "kind"> | undefined): unknown => {
	try {
		return JSON.parse(text);
	} catch (error) {
		const why = whyNoJson(text, error);
		if (type === undefined) throw badRequest(why, error);
		throw unrecognized(type, `couldn't get version/kind; json parse error: ${why}`, text);
	}
};

/** Of YAML 1.1, in which bodies are read, what no client of Kubernetes means: times, and numbers of base 60. */
const isMeant = (tag: string | { readonly tag: string; readonly format?: string }): boolean =>
	typeof tag === "string" || (tag.tag !== "tag:yaml.org,2002:timestamp" && tag.format !== "TIME");

const parseYaml = (text: string): unknown => {
	const document = parseDocument(text, {
		uniqueKeys: false,
		version: "1.1",
		customTags: (tags) => tags.filter(isMeant),
	});
	const [error] = document.errors;
	if (error !== undefined) throw badRequest(`the body is not YAML: ${error.message}`);
	return document.toJS();
};

const unsupported = (cause?: unknown): StatusError =>
	new StatusError(
		"UnsupportedMediaType",
		`the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf`,
		undefined,
		cause,
	);

const decode = (bytes: Uint8Array): unknown => {
	try {
		return decodeBody(bytes);
	} catch (error) {
		throw unsupported(error);
	}
};

/** Reads a body as what it says it is; undefined when it is empty. @param kind what it must be of @throws StatusError */
export const readBody = async (
	request: Pick<ApiRequest, "headers" | "body">,
	kind?: Pick<ResourceType, "kind">,
): Promise<DecodedBody> => {
	const bytes = await request.body();
	if (bytes.length === 0) return { value: undefined, text: undefined };
	const type = contentType(request);
	if (type === "application/vnd.kubernetes.protobuf") return { value: decode(bytes), text: undefined };
	const text = Buffer.from(bytes).toString("utf8");
	if (type === "application/yaml" || type === "application/apply-patch+yaml") {
		// Most of what is called YAML is JSON, which is read faster and shows what it has twice.
		return text.startsWith("{") && isJson(text)
			? { value: JSON.parse(text), text }
			: { value: parseYaml(text), text: undefined };
	}
	if (type === "" || type === "application/json" || type.endsWith("+json"))
		return { value: parseJson(text, kind), text };
	throw unsupported();
};
