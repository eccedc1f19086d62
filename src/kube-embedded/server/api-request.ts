import type { IncomingHttpHeaders } from "node:http";
import type { IncomingHttpHeaders as Http2Headers } from "node:http2";

/** A request of a client that has shown who it is. */
export interface ApiRequest {
	readonly method: string;
	/** Path and query; the host is of no meaning. */
	readonly url: URL;
	readonly headers: IncomingHttpHeaders | Http2Headers;
	/** The whole body. @throws StatusError RequestEntityTooLarge */
	readonly body: () => Promise<Uint8Array>;
	/** Aborted when the client is gone or the server ends. */
	readonly signal: AbortSignal;
}

/** An answer: JSON at once, or lines as they come. */
export type ApiReply =
	| { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly json: unknown }
	| { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly text: string }
	| {
			readonly status: number;
			readonly headers?: Readonly<Record<string, string>>;
			readonly lines: AsyncIterable<string>;
	  };

/** The single value of a query parameter; undefined when it is not there or empty. */
export const queryOf = ({ url }: Pick<ApiRequest, "url">, name: string): string | undefined => {
	const value = url.searchParams.get(name);
	return value === null || value === "" ? undefined : value;
};

/** Whether a query parameter says yes. */
export const isAsked = (request: Pick<ApiRequest, "url">, name: string): boolean =>
	["true", "1"].includes(queryOf(request, name) ?? "");
