import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { IssuerKeys } from "#/auth/workload/issuer-keys.ts";
import { type FakeClock, fakeClock } from "../memory-metadata.ts";
import { TestIssuer } from "./test-issuer.ts";

const MINUTE = 60_000;

describe("the keys of an issuer", () => {
	let clock: FakeClock;
	let issuer: TestIssuer;
	let keys: IssuerKeys;

	beforeEach(() => {
		clock = fakeClock();
		issuer = new TestIssuer("https://ci.example.org");
		keys = issuer.opened(clock.now);
	});

	const knows = async (kid: string): Promise<boolean> => (await keys.find(kid)) !== undefined;
	/** What is asked for behind a request has come when this has. */
	const settled = () => new Promise((resolve) => setImmediate(resolve));

	it("are asked for once, however many want them", async () => {
		await Promise.all(Array.from({ length: 50 }, () => knows("one")));
		assert.equal(await keys.issuer(), "https://ci.example.org");
		assert.equal(issuer.asked, 1);
	});

	it("are asked for anew behind what is under way after a minute, and before anything after five", async () => {
		await knows("one");
		clock.at += MINUTE - 1;
		await knows("one");
		assert.equal(issuer.asked, 1);
		clock.at += 1;
		assert.equal(await knows("one"), true);
		await settled();
		assert.equal(issuer.asked, 2);
		issuer.keys.delete("one");
		clock.at += 5 * MINUTE;
		assert.equal(await knows("one"), false);
	});

	it("have a new one as soon as a token names it", async () => {
		await knows("one");
		clock.at += 10_000;
		issuer.addKey("two");
		assert.equal(await knows("two"), true);
		assert.equal(issuer.asked, 2);
	});

	it("are not asked for more often than every ten seconds, whatever tokens name", async () => {
		for (let i = 0; i < 100; i++) {
			assert.equal(await knows(`made-up-${i}`), false);
			clock.at += 100;
		}
		assert.equal(issuer.asked, 1);
		await Promise.all(Array.from({ length: 50 }, (_, i) => knows(`made-up-${i}`)));
		assert.equal(issuer.asked, 2);
	});

	it("are good for an hour while the issuer cannot be asked, and no longer", async () => {
		await knows("one");
		issuer.failure = new Error("the line is dead");
		for (let minutes = 5; minutes < 60; minutes += 5) {
			clock.at += 5 * MINUTE;
			assert.equal(await knows("one"), true, `${minutes} minutes`);
		}
		clock.at += 5 * MINUTE;
		await assert.rejects(knows("one"), /the line is dead/);
		issuer.failure = undefined;
		clock.at += 10_000;
		assert.equal(await knows("one"), true);
	});

	it("are not asked for by each of those who want them while the issuer cannot be asked", async () => {
		issuer.failure = new Error("the line is dead");
		for (let i = 0; i < 20; i++) await assert.rejects(knows("one"), /the line is dead/);
		assert.equal(issuer.asked, 1);
	});

	it("are not taken for fresh by a clock that jumps back", async () => {
		await knows("one");
		issuer.keys.delete("one");
		clock.at -= 60 * MINUTE;
		assert.equal(await knows("one"), false);
	});
});
