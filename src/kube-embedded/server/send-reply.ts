import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import { stringify } from "yaml";
import { acceptedTypes } from "./accepted-form.ts";
import type { ApiReply, ApiRequest } from "./api-request.ts";

type Response = ServerResponse | Http2ServerResponse;

const begin = (response: Response, { status, headers = {} }: ApiReply, contentType: string): void => {
	response.statusCode = status;
	response.setHeader("Content-Type", contentType);
	response.setHeader("Cache-Control", "no-cache, private");
	for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
};

/** Writes a piece, and waits where the client does not keep up. */
const push = async (response: Response, text: string, signal: AbortSignal): Promise<void> => {
	// The two kinds of response have the same method under types that do not meet.
	const flowing = "stream" in response ? response.write(text) : response.write(text);
	if (!flowing) await once(response, "drain", { signal });
};

const sendLines = async (response: Response, lines: AsyncIterable<string>, signal: AbortSignal): Promise<void> => {
	// The client must know that the watch has begun, though nothing happens yet.
	if ("flushHeaders" in response) response.flushHeaders();
	else response.writeHead(response.statusCode);
	for await (const line of lines) {
		if (signal.aborted) break;
		await push(response, line, signal);
	}
	response.end();
};

const prefersYaml = (request: Pick<ApiRequest, "headers">): boolean =>
	acceptedTypes(request)[0]?.type === "application/yaml";

/** Sends an answer; for one that comes in lines, until they end or the client is gone. */
export const sendReply = async (request: ApiRequest, response: Response, reply: ApiReply): Promise<void> => {
	if ("lines" in reply) {
		begin(response, reply, "application/json");
		return sendLines(response, reply.lines, request.signal);
	}
	const asYaml = "json" in reply && prefersYaml(request);
	const text = "text" in reply ? reply.text : asYaml ? stringify(reply.json) : `${JSON.stringify(reply.json)}\n`;
	begin(response, reply, asYaml ? "application/yaml" : "application/json");
	response.setHeader("Content-Length", Buffer.byteLength(text));
	response.end(request.method === "HEAD" ? "" : text);
};
