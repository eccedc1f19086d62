import { messageTables } from "./message-table.ts";
import { ProtoError } from "./proto-error.ts";
import { readMessage } from "./read-message.ts";

/** What a body in Kubernetes' protobuf starts with: `k8s` and a zero byte. */
const magic = Buffer.from("k8s\0");

const groupOf = (apiVersion: string): string => {
	const slash = apiVersion.indexOf("/");
	return slash < 0 ? "" : apiVersion.slice(0, slash);
};

const envelope = {
	1: ["typeMeta", { message: { 1: ["apiVersion", "text?"], 2: ["kind", "text?"] } }],
	2: ["raw", "bytes"],
	3: ["contentEncoding", "text"],
} as const;

const typeOf = (typeMeta: unknown): { readonly apiVersion: string; readonly kind: string } => {
	const { apiVersion, kind } = Object.assign({ apiVersion: "", kind: "" }, typeMeta);
	return { apiVersion, kind };
};

/**
 * Reads a request body in Kubernetes' protobuf (API concepts, "Protobuf encoding") as the JSON that it stands for.
 *
 * @throws ProtoError MALFORMED, UNKNOWN_KIND
 */
export const decodeBody = (bytes: Uint8Array): Record<string, unknown> => {
	if (!magic.equals(bytes.subarray(0, magic.length)))
		throw new ProtoError("MALFORMED", "the body does not start as Kubernetes' protobuf does");
	const unknown = readMessage(bytes.subarray(magic.length), envelope);
	const { apiVersion, kind } = typeOf(unknown.typeMeta);
	const table = messageTables.get(`${groupOf(apiVersion)}/${kind}`);
	if (table === undefined || unknown.contentEncoding !== undefined)
		throw new ProtoError("UNKNOWN_KIND", `${kind} of ${apiVersion} is not read from protobuf`);
	const raw = typeof unknown.raw === "string" ? Buffer.from(unknown.raw, "base64") : Buffer.alloc(0);
	return { apiVersion, kind, ...readMessage(raw, table) };
};
