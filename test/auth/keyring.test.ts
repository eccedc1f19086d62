import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { Keyring } from "#/auth/keyring.ts";
import { MasterKey } from "#/auth/master-key.ts";
import { createSigningKey } from "#/auth/signing-key-pair.ts";
import { fakeClock, MemorySigningKeys } from "./memory-metadata.ts";

const masterKey = new MasterKey(randomBytes(32));
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const setUp = () => {
	const clock = fakeClock();
	const signingKeys = new MemorySigningKeys(clock);
	const deps = { signingKeys, masterKey, now: clock.now, onRefreshError: () => undefined };
	const open = () => Keyring.open(deps, { tokenLifetimeMs: 5 * MINUTE, signMs: 30 * DAY });
	const states = () => signingKeys.keys.map(({ state }) => state).sort();
	return { clock, signingKeys, open, states };
};

describe("a keyring", () => {
	it("makes the first key", async () => {
		const { open, signingKeys, states } = setUp();
		using keyring = await open();
		assert.equal(keyring.active.kid, signingKeys.keys[0]?.kid);
		assert.deepEqual(states(), ["active"]);
	});

	it("writes nothing while nothing is due", async () => {
		const { open, signingKeys, clock } = setUp();
		using keyring = await open();
		for (let i = 0; i < 100; i++) {
			clock.at += 6 * 60 * MINUTE;
			await keyring.refresh();
		}
		assert.deepEqual([signingKeys.steps, signingKeys.lists], [1, 101]);
	});

	it("publishes the next key before it signs, and keeps the last for as long as its tokens live", async () => {
		const { open, clock, states } = setUp();
		using keyring = await open();
		const first = keyring.active.kid;
		const wait = async (ms: number) => {
			clock.at += ms;
			await keyring.refresh();
			return states().join();
		};
		assert.equal(await wait(30 * DAY - MINUTE), "active,next");
		assert.equal(keyring.jwks().keys.length, 2);
		assert.equal(await wait(MINUTE - 1), "active,next");
		assert.equal(keyring.active.kid, first);
		assert.equal(await wait(1), "active,retired");
		assert.notEqual(keyring.active.kid, first);
		assert.equal(await wait(6 * MINUTE - 1), "active,retired");
		assert.ok(keyring.find(first), "a replica may have signed with it until it looked again");
		assert.equal(await wait(1), "active");
		assert.equal(keyring.find(first), undefined);
	});

	it("publishes a key for a minute though its turn is long due", async () => {
		const { open, clock, states } = setUp();
		using keyring = await open();
		const first = keyring.active.kid;
		clock.at += 90 * DAY;
		await keyring.refresh();
		assert.equal(keyring.active.kid, first);
		clock.at += MINUTE;
		await keyring.refresh();
		assert.notEqual(keyring.active.kid, first);
		assert.deepEqual(states(), ["active", "retired"]);
	});

	it("never signs with a key that other replicas cannot know yet", async () => {
		const { open, clock } = setUp();
		using one = await open();
		using other = await open();
		for (let i = 0; i < 4_000; i++) {
			clock.at += 30_000 * (i % 40 === 0 ? 800 : 1);
			const [late, early] = i % 2 === 0 ? [one, other] : [other, one];
			await early.refresh();
			assert.ok(late.find(early.active.kid), `round ${i}`);
			await late.refresh();
		}
	});

	for (const silence of [1, 30_000, MINUTE - 1, MINUTE, 5 * MINUTE, 6 * MINUTE, DAY]) {
		it(`signs with a key that outlives what it signs, though it could not look for ${silence} ms`, async () => {
			const { open, clock } = setUp();
			using late = await open();
			using other = await open();
			clock.at += 30 * DAY;
			for (const keyring of [late, other]) await keyring.refresh();
			clock.at += MINUTE - 1;
			await late.refresh();
			const before = late.active.kid;
			clock.at += 1;
			await other.refresh();
			assert.notEqual(other.active.kid, before, "it changes just when the late one has looked");
			for (const end = clock.at + silence - 1; clock.at < end; clock.at = Math.min(end, clock.at + 30_000)) {
				await other.refresh();
			}
			const { kid } = await late.signer();
			for (const end = clock.at + 5 * MINUTE; clock.at < end; clock.at += 1_000) {
				await other.refresh();
				assert.ok(other.find(kid), `gone ${end - clock.at} ms too early`);
			}
		});
	}

	it("signs nothing when it could not look for long, and cannot", async () => {
		const { open, clock, signingKeys } = setUp();
		using keyring = await open();
		signingKeys.list = async () => {
			throw new Error("away");
		};
		clock.at += MINUTE - 1;
		assert.ok(await keyring.signer());
		clock.at += 1;
		await assert.rejects(keyring.signer(), /away/);
		clock.at -= DAY;
		await assert.rejects(keyring.signer(), /away/, "nor when the clock tells nothing");
	});

	it("signs on when the step that is due cannot be taken, as long as it can look", async () => {
		const { open, clock, signingKeys, states } = setUp();
		using keyring = await open();
		const { kid } = keyring.active;
		const advance = signingKeys.advance.bind(signingKeys);
		signingKeys.advance = async () => {
			throw new Error("no room");
		};
		clock.at += 31 * DAY;
		assert.equal((await keyring.signer()).kid, kid);
		await assert.rejects(keyring.refresh(), /no room/);
		signingKeys.advance = advance;
		clock.at += MINUTE;
		await keyring.signer();
		assert.deepEqual(states(), ["active", "next"]);
	});

	it("looks again for an id that it does not know, once a second at most", async () => {
		const { open, clock, signingKeys } = setUp();
		using keyring = await open();
		const { kid: replaced } = keyring.active;
		const fresh = await createSigningKey(masterKey);
		await signingKeys.replaceAll(fresh);
		assert.equal(keyring.find(fresh.kid), undefined);
		assert.ok(await keyring.findAnew(fresh.kid));
		assert.equal(keyring.active.kid, fresh.kid);
		assert.equal(keyring.find(replaced), undefined, "nothing that it signed is good any more");
		const { lists } = signingKeys;
		for (let i = 0; i < 100; i++) assert.equal(await keyring.findAnew(`unknown ${i}`), undefined);
		assert.equal(signingKeys.lists, lists);
		clock.at += 1_000;
		assert.equal(await keyring.findAnew("unknown"), undefined);
		assert.equal(signingKeys.lists, lists + 1);
	});

	it("publishes public halves alone", async () => {
		const { open } = setUp();
		using keyring = await open();
		const [key] = keyring.jwks().keys;
		assert.deepEqual(Object.keys(key ?? {}).sort(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
	});

	it("does not open with another master key than the one that sealed", async () => {
		const { open, signingKeys, clock } = setUp();
		(await open())[Symbol.dispose]();
		const deps = { signingKeys, now: clock.now, onRefreshError: () => undefined };
		await assert.rejects(
			Keyring.open({ ...deps, masterKey: new MasterKey(randomBytes(32)) }, { tokenLifetimeMs: 5 * MINUTE }),
			{ name: "MasterKeyError", code: "OTHER_KEY" },
		);
	});

	it("stays in use while metadata is away", async () => {
		const { open, signingKeys } = setUp();
		using keyring = await open();
		const { kid } = keyring.active;
		signingKeys.list = async () => {
			throw new Error("away");
		};
		await assert.rejects(keyring.refresh(), /away/);
		assert.equal(keyring.active.kid, kid);
		assert.ok(keyring.find(kid));
	});
});
