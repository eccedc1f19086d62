import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FailureThrottle, type ThrottleKey } from "#/auth/failure-throttle.ts";
import { fakeClock } from "./memory-metadata.ts";

const create = (maxEntries = 100) => {
	const clock = fakeClock();
	return { clock, throttle: new FailureThrottle(clock, { burst: 20, forgetMs: 60_000, maxEntries }) };
};

const takeAll = (throttle: FailureThrottle, key: ThrottleKey): number => {
	let taken = 0;
	for (; taken < 1_000 && !throttle.isBlocked(key); taken++) throttle.count(key);
	return taken;
};

describe("a failure throttle", () => {
	it("turns away after a burst, and forgets it evenly", () => {
		const { clock, throttle } = create();
		const key = throttle.keyOf("192.0.2.7", "alice");
		assert.equal(takeAll(throttle, key), 20);
		assert.equal(throttle.isBlocked(key), true);
		clock.at += 2_999;
		assert.equal(throttle.isBlocked(key), true);
		clock.at += 1;
		assert.equal(throttle.isBlocked(key), false);
		assert.equal(takeAll(throttle, key), 1);
		clock.at += 60_000;
		assert.equal(takeAll(throttle, key), 20);
	});

	it("keeps apart users and client networks", () => {
		const { throttle } = create();
		takeAll(throttle, throttle.keyOf("2001:db8::1", "alice"));
		assert.equal(throttle.isBlocked(throttle.keyOf("2001:db8::2", "alice")), true);
		assert.equal(throttle.isBlocked(throttle.keyOf("2001:db8::1", "bob")), false);
		assert.equal(throttle.isBlocked(throttle.keyOf("2001:db8:1::1", "alice")), false);
		assert.equal(throttle.isBlocked(throttle.keyOf(undefined, "alice")), false);
	});

	it("turns away a network that tries another user each time, and no other network", () => {
		const { clock, throttle } = create();
		let taken = 0;
		for (; taken < 1_000; taken++) {
			const key = throttle.keyOf("192.0.2.7", `user-${taken}`);
			if (throttle.isBlocked(key)) break;
			throttle.count(key);
		}
		assert.equal(taken, 200);
		assert.equal(throttle.isBlocked(throttle.keyOf("::ffff:192.0.2.7", "alice")), true);
		assert.equal(throttle.isBlocked(throttle.keyOf("192.0.2.8", "alice")), false);
		clock.at += 300;
		assert.equal(throttle.isBlocked(throttle.keyOf("192.0.2.7", "alice")), false);
	});

	it("remembers a network however many users it names", () => {
		const { throttle } = create(10);
		for (let i = 0; i < 200; i++) throttle.count(throttle.keyOf("192.0.2.7", `user-${i}`));
		assert.equal(throttle.isBlocked(throttle.keyOf("192.0.2.7", "alice")), true);
	});

	it("does not count what is given back", () => {
		const { throttle } = create();
		const key = throttle.keyOf("192.0.2.7", "alice");
		for (let i = 0; i < 100; i++) {
			assert.equal(throttle.isBlocked(key), false);
			throttle.count(key);
			throttle.giveBack(key);
		}
		assert.equal(takeAll(throttle, key), 20);
	});

	it("forgets the oldest when it is full, and never turns away for that", () => {
		const { throttle } = create(10);
		const keys = Array.from({ length: 11 }, (_, i) => throttle.keyOf(`192.0.2.${i}`, "alice"));
		for (const key of keys) assert.equal(takeAll(throttle, key), 20);
		assert.deepEqual(
			keys.map((key) => throttle.isBlocked(key)),
			keys.map((_, i) => i > 0),
		);
	});

	it("lets nothing leak in while the clock goes back", () => {
		const { clock, throttle } = create();
		const key = throttle.keyOf("192.0.2.7", "alice");
		takeAll(throttle, key);
		clock.at -= 3_600_000;
		assert.equal(throttle.isBlocked(key), true);
		clock.at += 60_000;
		assert.equal(throttle.isBlocked(key), false);
	});
});
