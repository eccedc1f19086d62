import type { IncomingMessage } from "node:http";
import type { ClientOf } from "./client-of.ts";

/** What the origin is found by. */
export interface OriginRule {
	/** The address that clients use, as configured; absent: what each request says. */
	readonly externalUrl: string | undefined;
	/** Host and port of requests that name none. */
	readonly listen: string;
	readonly clientOf: ClientOf;
}

/** The origin under which the client of a request sees us, without a slash at its end. */
export const originOf = ({ externalUrl, listen, clientOf }: OriginRule, request: IncomingMessage): string =>
	externalUrl?.replace(/\/$/, "") ?? `${clientOf(request).scheme}://${request.headers.host ?? listen}`;
