import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { beforeEach, describe, it } from "node:test";
import { Credentials } from "#/auth/credentials.ts";
import { FailureThrottle } from "#/auth/failure-throttle.ts";
import { hashPassword, Passwords } from "#/auth/passwords.ts";
import { robotVerifier } from "#/auth/robots.ts";
import type { User } from "#/metadata/identities.ts";
import { type FakeClock, fakeClock, MemoryIdentities } from "./memory-metadata.ts";
import { CI, signal } from "./test-auth.ts";

const passwordHash = await hashPassword("right");
const alice: User = { uid: "uid-of-alice", name: "alice", passwordHash, admin: false, disabled: false };
const ADDRESS = "192.0.2.7";

/** Counts what is really computed. */
class CountingPasswords extends Passwords {
	checks = 0;
	override tryVerify(...args: Parameters<Passwords["tryVerify"]>): ReturnType<Passwords["tryVerify"]> {
		this.checks++;
		return super.tryVerify(...args);
	}
}

describe("credentials", () => {
	let clock: FakeClock;
	let identities: MemoryIdentities;
	let passwords: CountingPasswords;
	let credentials: Credentials;

	const open = (pool = new CountingPasswords()) => {
		passwords = pool;
		const throttle = new FailureThrottle(clock);
		credentials = new Credentials({ identities, passwords, throttle, now: clock.now, randomBytes });
	};
	const check = (name: string, secret: string, address: string | undefined = ADDRESS) =>
		credentials.check({ name, secret, address }, signal);
	const nameOf = async (name: string, secret: string): Promise<string> => {
		const outcome = await check(name, secret);
		return "identity" in outcome ? outcome.identity.subject.name : outcome.failed;
	};

	beforeEach(() => {
		clock = fakeClock();
		identities = new MemoryIdentities();
		identities.users.set("alice", alice);
		identities.robots.set(CI.name, CI);
		open();
	});

	it("of a user or a robot say who it is", async () => {
		assert.equal(await nameOf("alice", "right"), "alice");
		assert.equal(await nameOf("robot$ci", "secret of ci"), "robot$ci");
	});

	it("that are wrong fail alike, whoever is named", async () => {
		const wrong = "the user name or the secret is wrong";
		for (const [name, secret] of [
			["alice", "wrong"],
			["alice", ""],
			["bob", "right"],
			["ALICE", "right"],
			["robot$ci", "wrong"],
			["robot$other", "secret of ci"],
		] as const) {
			assert.equal(await nameOf(name, secret), wrong);
		}
	});

	it("cost a computation for a user who does not exist, too", async () => {
		await check("nobody", "x");
		assert.equal(passwords.checks, 1);
	});

	it("of somebody who is disabled or expired fail, and say so to the holder of the secret only", async () => {
		identities.users.set("alice", { ...alice, disabled: true });
		assert.equal(await nameOf("alice", "right"), "the user is disabled");
		assert.equal(await nameOf("alice", "wrong"), "the user name or the secret is wrong");
		identities.robots.set(CI.name, { ...CI, expiresAt: clock.at });
		assert.equal(await nameOf("robot$ci", "secret of ci"), "the robot account has expired");
		assert.equal(await nameOf("robot$ci", "wrong"), "the user name or the secret is wrong");
	});

	it("that are right are computed once in five seconds, and then looked at anew", async () => {
		await check("alice", "right");
		identities.users.set("alice", { ...alice, disabled: true });
		clock.at += 4_999;
		assert.equal(await nameOf("alice", "right"), "alice");
		assert.deepEqual([passwords.checks, identities.reads], [1, 1]);
		clock.at += 1;
		assert.equal(await nameOf("alice", "right"), "the user is disabled");
	});

	it("are not mistaken for others that read alike", async () => {
		identities.users.set("alicer", { ...alice, name: "alicer" });
		await check("alice", "right");
		assert.equal(await nameOf("alicer", "ight"), "the user name or the secret is wrong");
	});

	it("that come many times at once are computed once", async () => {
		const outcomes = await Promise.all(Array.from({ length: 200 }, () => check("alice", "right")));
		assert.ok(outcomes.every((outcome) => "identity" in outcome));
		assert.equal(passwords.checks, 1);
	});

	it("fail with 503 while too many passwords are being checked, which is nobody's failure", async () => {
		open(new CountingPasswords({ concurrency: 1, maxWaiting: 1 }));
		const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => check("alice", `wrong ${i}`)));
		const turnedAway = outcomes.filter(({ status }) => status === "rejected");
		assert.equal(turnedAway.length, 8);
		for (const outcome of turnedAway) {
			if (outcome.status === "rejected") assert.equal(outcome.reason.code, "UNAVAILABLE");
		}
		for (let i = 0; i < 17; i++) await check("alice", `wrong again ${i}`);
		assert.equal(await nameOf("alice", "right"), "alice");
	});

	it("are turned away after twenty failures of that user from that place, the right ones as well", async () => {
		await check("alice", "right");
		for (let i = 0; i < 20; i++) await check("alice", `wrong ${i}`);
		await assert.rejects(check("alice", "right"), { code: "TOOMANYREQUESTS", status: 429 });
		assert.ok("identity" in (await check("alice", "right", "198.51.100.1")));
		assert.equal(passwords.checks, 21);
		clock.at += 60_000;
		assert.equal(await nameOf("alice", "right"), "alice");
	});

	it("are turned away after two hundred failures from that place, whoever is named", async () => {
		open(new CountingPasswords({ maxWaiting: 300 }));
		const guesses = Array.from({ length: 300 }, (_, i) => check(`user-${i}`, "wrong"));
		const outcomes = await Promise.allSettled(guesses);
		assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 200);
		await assert.rejects(check("alice", "right"), { code: "TOOMANYREQUESTS", status: 429 });
		assert.ok("identity" in (await check("alice", "right", "198.51.100.1")));
		assert.equal(passwords.checks, 201);
	});

	it("that are right are taken from elsewhere while one place sends more than can be checked", async () => {
		const flood = Promise.allSettled(Array.from({ length: 150 }, (_, i) => check(`user-${i}`, "wrong")));
		for (let i = 0; i < 8; i++) {
			const name = `user-of-${i}`;
			identities.users.set(name, { ...alice, uid: `uid-of-${i}`, name });
		}
		const logins = Array.from({ length: 8 }, (_, i) => check(`user-of-${i}`, "right", `198.51.100.${i}`));
		assert.ok((await Promise.all(logins)).every((outcome) => "identity" in outcome));
		const turnedAway = (await flood).filter(({ status }) => status === "rejected");
		assert.ok(turnedAway.length >= 80, `${turnedAway.length} of the flood were turned away`);
	});

	it("guessed at once get no further than one after the other", async () => {
		const outcomes = await Promise.allSettled(Array.from({ length: 60 }, (_, i) => check("alice", `wrong ${i}`)));
		assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 20);
	});

	it("of a robot are never turned away for failures of others", async () => {
		for (let i = 0; i < 100; i++) await check("robot$ci", `wrong ${i}`);
		assert.equal(await nameOf("robot$ci", "secret of ci"), "robot$ci");
	});

	it("of a robot's old secret serve through the grace", async () => {
		const hash = robotVerifier(CI.uid, "new secret");
		const old = { hash: robotVerifier(CI.uid, "secret of ci"), notAfter: clock.at + 10_000 };
		identities.robots.set(CI.name, { ...CI, verifiers: [old, { hash }] });
		assert.equal(await nameOf("robot$ci", "secret of ci"), "robot$ci");
		assert.equal(await nameOf("robot$ci", "new secret"), "robot$ci");
		clock.at += 10_000;
		assert.equal(await nameOf("robot$ci", "secret of ci"), "the user name or the secret is wrong");
	});

	it("are not looked at for a request that is over", async () => {
		await assert.rejects(credentials.check({ name: "alice", secret: "right" }, AbortSignal.abort()), {
			name: "AbortError",
		});
		assert.equal(identities.reads, 0);
	});
});
