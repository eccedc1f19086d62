import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { excerpt } from "#/lib/excerpt.ts";
import { formatIssues } from "#/lib/format-issues.ts";
import type { Operation } from "./contract.ts";
import { ControlError } from "./control-error.ts";

/** More than the largest page of observations, bytes. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

const failure = z.object({ error: z.string() });

/**
 * What a data plane answered to an operation.
 *
 * @throws ControlError for every answer that is not what the contract says
 */
export const readAnswer = async <Out>(
	operation: Pick<Operation<unknown, Out>, "name" | "output">,
	response: IncomingMessage,
): Promise<Out> => {
	const status = response.statusCode ?? 0;
	const text = await readText(operation.name, response);
	if (status !== 200) throw toError(operation.name, status, text);
	const parsed = operation.output.safeParse(parseJson(text));
	if (parsed.success) return parsed.data;
	const problems = formatIssues(parsed.error.issues);
	throw new ControlError("UNAVAILABLE", `${operation.name}: the answer is not what the contract says: ${problems}`);
};

const readText = async (name: string, response: IncomingMessage): Promise<string> => {
	const chunks: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of response) {
		bytes += chunk.length;
		if (bytes > MAX_ANSWER_BYTES) {
			throw new ControlError("UNAVAILABLE", `${name}: the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
		}
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString("utf8");
};

const parseJson = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
};

const toError = (name: string, status: number, text: string): ControlError => {
	const told = failure.safeParse(parseJson(text));
	const detail = told.success ? excerpt(told.data.error, 1_000) : `status ${status}`;
	if (status === 401) return new ControlError("UNAUTHORIZED", `${name}: the control token was refused`);
	if (status === 400 || status === 413) return new ControlError("INVALID", detail);
	if (status >= 300 && status < 400) {
		return new ControlError("UNAVAILABLE", `${name}: status ${status}; redirects are not followed`);
	}
	return new ControlError("UNAVAILABLE", `${name}: ${detail}`);
};
