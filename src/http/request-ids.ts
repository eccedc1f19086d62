import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";

const WELL_FORMED = /^[A-Za-z0-9._:-]{1,64}$/;

/**
 * Gives each request an id: the client's own `X-Request-Id` where it is well formed, else one that is unique to this
 * process (random prefix and counter).
 */
export const createRequestIds = (prefix = randomBytes(6).toString("hex")): ((request: IncomingMessage) => string) => {
	let count = 0;
	return (request) => {
		const given = request.headers["x-request-id"];
		if (typeof given === "string" && WELL_FORMED.test(given)) return given;
		count += 1;
		return `${prefix}-${count.toString(36)}`;
	};
};
