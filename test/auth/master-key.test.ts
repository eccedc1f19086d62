import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { MasterKey } from "#/auth/master-key.ts";

const secret = Buffer.from("a private key");

describe("a master key", () => {
	it("opens what it sealed, for the same purpose", () => {
		const bytes = randomBytes(32);
		const sealed = new MasterKey(bytes).seal(secret, "signing-key:a");
		assert.deepEqual(Buffer.from(new MasterKey(bytes).open(sealed, "signing-key:a")), secret);
		assert.equal(Buffer.from(sealed).includes(secret), false);
	});

	it("seals the same secret differently each time", () => {
		const key = new MasterKey(randomBytes(32));
		assert.notDeepEqual(key.seal(secret, "a"), key.seal(secret, "a"));
	});

	it("says when another key sealed it", () => {
		const sealed = new MasterKey(randomBytes(32)).seal(secret, "a");
		assert.throws(() => new MasterKey(randomBytes(32)).open(sealed, "a"), { code: "OTHER_KEY" });
	});

	it("opens nothing for another purpose", () => {
		const key = new MasterKey(randomBytes(32));
		assert.throws(() => key.open(key.seal(secret, "a"), "b"), { code: "CORRUPT" });
	});

	it("opens nothing of which any byte was changed", () => {
		const key = new MasterKey(randomBytes(32));
		const sealed = key.seal(secret, "a");
		for (let i = 0; i < sealed.length; i++) {
			const changed = Buffer.from(sealed);
			changed[i] = (changed[i] ?? 0) ^ 1;
			const code = i === 0 ? "UNKNOWN_FORMAT" : i < 9 ? "OTHER_KEY" : "CORRUPT";
			assert.throws(() => key.open(changed, "a"), { code }, `byte ${i}`);
		}
	});

	it("opens nothing that was cut short", () => {
		const key = new MasterKey(randomBytes(32));
		const sealed = key.seal(secret, "a");
		for (let length = 0; length < sealed.length; length++) {
			assert.throws(() => key.open(sealed.subarray(0, length), "a"), { code: "CORRUPT" }, `${length} bytes`);
		}
	});

	it("is 32 bytes", () => {
		for (const size of [0, 16, 31, 33]) assert.throws(() => new MasterKey(randomBytes(size)), { code: "WRONG_SIZE" });
	});
});
