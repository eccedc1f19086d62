import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hashPassword, hashPasswordWith, Passwords } from "#/auth/passwords.ts";

describe("passwords", () => {
	it("are hashed with Argon2id, 19 MiB, two passes and one lane, with a salt each", async () => {
		const [one, two] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")]);
		assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]{22}\$[^$]{43}$/);
		assert.notEqual(one, two);
	});

	it("have the same hash always with the same salt, and are right by it", async () => {
		const [salt, other] = [Buffer.alloc(16, 7), Buffer.alloc(16, 8)];
		const hash = await hashPasswordWith("correct horse", salt);
		assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]{22}\$[^$]{43}$/);
		assert.equal(await hashPasswordWith("correct horse", salt), hash);
		assert.notEqual(await hashPasswordWith("correct horse", other), hash);
		assert.equal(await new Passwords().tryVerify(hash, "correct horse"), true);
	});

	it("are right or wrong", async () => {
		const passwords = new Passwords();
		const hash = await hashPassword("correct horse");
		assert.equal(await passwords.tryVerify(hash, "correct horse"), true);
		assert.equal(await passwords.tryVerify(hash, "correct horsE"), false);
		assert.equal(await passwords.tryVerify(hash, ""), false);
	});

	it("that are empty are wrong, even by a hash of one", async () => {
		assert.equal(await new Passwords().tryVerify(await hashPassword(""), ""), false);
	});

	it("of nobody are wrong, and cost as much", async () => {
		const passwords = new Passwords();
		const hash = await hashPassword("correct horse");
		/** In CPU time, which other processes on the machine do not add to. */
		const costOf = async (given: string | undefined): Promise<number> => {
			const before = process.cpuUsage();
			assert.equal(await passwords.tryVerify(given, "wrong"), false);
			const { user, system } = process.cpuUsage(before);
			return user + system;
		};
		const known: number[] = [];
		const unknown: number[] = [];
		for (let i = 0; i < 12; i++) {
			known.push(await costOf(hash));
			unknown.push(await costOf(undefined));
		}
		const ratio = Math.min(...unknown) / Math.min(...known);
		assert.ok(ratio > 1 / 4 && ratio < 4, `nobody costs ${ratio} times what somebody costs`);
	});

	it("are checked a bounded number at once", async () => {
		const passwords = new Passwords({ concurrency: 1, maxWaiting: 1 });
		const tries = await Promise.all(Array.from({ length: 10 }, () => passwords.tryVerify(undefined, "wrong")));
		assert.equal(tries.filter((outcome) => outcome === undefined).length, 8);
		assert.equal(await passwords.tryVerify(undefined, "wrong"), false);
	});

	it("are checked for a newcomer from elsewhere while one network has filled the line", async () => {
		const passwords = new Passwords({ concurrency: 1, maxWaiting: 8 });
		let answered = 0;
		const crowd = Array.from({ length: 100 }, async () => {
			const outcome = await passwords.tryVerify(undefined, "wrong", "192.0.2.7");
			if (outcome !== undefined) answered++;
		});
		assert.equal(await passwords.tryVerify(undefined, "wrong", "198.51.100.1"), false);
		assert.ok(answered <= 3, `${answered} were checked before the newcomer`);
		await Promise.all(crowd);
		assert.equal(answered, 8);
	});
});
