import { parseDocument } from "yaml";
import { decodeBody } from "#/kube-embedded/proto/decode-body.ts";
import { badRequest, StatusError } from "#/kube-embedded/status-error.ts";
import type { ApiRequest } from "./api-request.ts";

/** A body as a value, and its text where there was one, for what a value no longer shows. */
export interface DecodedBody {
	readonly value: unknown;
	/** JSON or YAML; absent for protobuf and for no body at all. */
	readonly text: string | undefined;
}

/** The media type of the body, without its parameters; empty when the client names none. */
export const contentType = ({ headers }: Pick<ApiRequest, "headers">): string =>
	(headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

const parseJson = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw badRequest(`the body is not JSON: ${error instanceof Error ? error.message : ""}`, error);
	}
};

const parseYaml = (text: string): unknown => {
	const document = parseDocument(text, { uniqueKeys: false });
	const [error] = document.errors;
	if (error !== undefined) throw badRequest(`the body is not YAML: ${error.message}`);
	return document.toJS();
};

const unsupported = (type: string, cause?: unknown): StatusError =>
	new StatusError(
		"UnsupportedMediaType",
		`the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf; got ${type}`,
		undefined,
		cause,
	);

const decode = (bytes: Uint8Array): unknown => {
	try {
		return decodeBody(bytes);
	} catch (error) {
		throw unsupported("application/vnd.kubernetes.protobuf of an unknown kind", error);
	}
};

/** Reads a body as what it says it is; undefined when it is empty. @throws StatusError */
export const readBody = async (request: Pick<ApiRequest, "headers" | "body">): Promise<DecodedBody> => {
	const bytes = await request.body();
	if (bytes.length === 0) return { value: undefined, text: undefined };
	const type = contentType(request);
	if (type === "application/vnd.kubernetes.protobuf") return { value: decode(bytes), text: undefined };
	const text = Buffer.from(bytes).toString("utf8");
	if (type === "application/yaml" || type === "application/apply-patch+yaml") return { value: parseYaml(text), text };
	if (type === "" || type === "application/json" || type.endsWith("+json")) return { value: parseJson(text), text };
	throw unsupported(type);
};
