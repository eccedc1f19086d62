import assert from "node:assert/strict";
import { test } from "node:test";
import { CodedError } from "#/lib/coded-error.ts";

class PortError extends CodedError<"SILTED" | "CLOSED"> {}

test("a coded error keeps its code, message and cause", () => {
	const cause = new Error("storm");
	const error = new PortError("CLOSED", "no entry", { cause });
	assert.equal(error.code, "CLOSED");
	assert.equal(error.message, "no entry");
	assert.equal(error.cause, cause);
	assert.ok(error instanceof Error);
});

test("a coded error is named after its family", () => {
	assert.equal(String(new PortError("SILTED", "too shallow")), "PortError: too shallow");
});

test("a coded error without a cause has no such member", () => {
	assert.equal("cause" in new PortError("CLOSED", "no entry"), false);
});
