import { formatIssues } from "#/lib/format-issues.ts";
import type { Operation } from "./contract.ts";
import { MAX_CHANGE_BYTES } from "./control.ts";
import { ControlError } from "./control-error.ts";

/**
 * The input of an operation, held to the contract.
 *
 * @throws ControlError INVALID, naming what breaks the contract
 */
export const checkInput = <In>({ name, input: schema }: Operation<In>, input: unknown): In => {
	const parsed = schema.safeParse(input);
	if (parsed.success) return parsed.data;
	throw new ControlError("INVALID", `${name}: ${formatIssues(parsed.error.issues)}`);
};

/**
 * The input of an operation as JSON.
 *
 * @throws ControlError INVALID when it weighs more than one call may
 */
export const toJson = ({ name }: Operation, input: unknown): string => {
	const json = JSON.stringify(input);
	const bytes = Buffer.byteLength(json);
	if (bytes <= MAX_CHANGE_BYTES) return json;
	throw new ControlError("INVALID", `${name}: ${bytes} bytes of JSON, at most ${MAX_CHANGE_BYTES} fit one call`);
};
