import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Access } from "#/auth/access.ts";
import { hashPassword } from "#/auth/passwords.ts";
import { basic, CI, openTestAuth, signal, type TestAuth } from "./test-auth.ts";

const enter = async ({ auth }: TestAuth, authorization?: string, address?: string): Promise<Access> => {
	const outcome = await auth.authenticator.authenticate(authorization, signal, address);
	assert.ok("access" in outcome, "failed" in outcome ? outcome.failed : "");
	return outcome.access;
};

const bearer = async ({ auth }: TestAuth, name: string | undefined, ...scopes: string[]): Promise<string> => {
	const secret = name?.startsWith("robot$") ? "secret of ci" : `password of ${name}`;
	const outcome = name === undefined ? undefined : await auth.tokenService.authenticate({ name, secret }, signal);
	const identity = outcome !== undefined && "identity" in outcome ? outcome.identity : undefined;
	return `Bearer ${(await auth.tokenService.grant({ identity, scopes, offline: false }, signal)).token}`;
};

describe("a request without credentials", () => {
	it("pulls from Public projects, and does nothing else", async () => {
		using test = await openTestAuth();
		const access = await enter(test);
		assert.deepEqual([access.principal, access.actor], [{ kind: "anonymous" }, "anonymous"]);
		assert.equal(await access.allows("pull", "library/alpine"), true);
		for (const [action, repository] of [
			["push", "library/alpine"],
			["pull", "house/tool"],
			["pull", "team/web"],
			["pull", "nowhere/web"],
			["delete", "library/alpine"],
		] as const) {
			assert.equal(await access.allows(action, repository), false, `${action} ${repository}`);
		}
		assert.equal(await access.catalog(), undefined);
	});

	it("pulls nothing where that is switched off, with an empty token neither", async () => {
		using test = await openTestAuth({ anonymousPull: false });
		assert.equal(await (await enter(test)).allows("pull", "library/alpine"), false);
		const access = await enter(test, await bearer(test, undefined, "repository:library/alpine:pull"));
		assert.equal(await access.allows("pull", "library/alpine"), false);
		assert.equal(await (await enter(test, basic("alice", "password of alice"))).allows("pull", "library/alpine"), true);
	});
});

describe("Basic credentials", () => {
	it("give what the projects say, at most five seconds ago", async () => {
		using test = await openTestAuth();
		const header = basic("alice", "password of alice");
		const access = await enter(test, header);
		assert.equal(access.actor, "user:alice");
		assert.equal(await access.allows("push", "team/web"), true);
		assert.equal(await access.allows("delete", "team/web"), false);
		test.projects.put("team", { members: [] });
		test.clock.at += 5_000;
		assert.equal(await (await enter(test, header)).allows("push", "team/web"), false);
	});

	it("of a user who is disabled are out within five seconds", async () => {
		using test = await openTestAuth();
		const header = basic("alice", "password of alice");
		await enter(test, header);
		const alice = test.identities.users.get("alice");
		assert.ok(alice);
		test.identities.users.set("alice", { ...alice, disabled: true });
		test.clock.at += 5_000;
		assert.ok("failed" in (await test.auth.authenticator.authenticate(header, signal)));
	});

	it("give a robot what its permissions say", async () => {
		using test = await openTestAuth();
		const access = await enter(test, basic("robot$ci", "secret of ci"));
		assert.equal(access.actor, "robot:robot$ci");
		assert.deepEqual(access.principal, { kind: "robot", name: "robot$ci", uid: CI.uid });
		assert.equal(await access.allows("push", "team/ci/build"), true);
		assert.equal(await access.allows("push", "team/web"), false);
		assert.equal(await access.allows("pull", "house/tool"), true);
	});

	it("let an administrator do everything, so that a missing project is told to be missing", async () => {
		using test = await openTestAuth();
		const access = await enter(test, basic("root", "password of root"));
		assert.equal(await access.allows("delete", "team/web"), true);
		assert.equal(await access.allows("push", "nowhere/web"), true);
		assert.equal(test.projects.reads, 0);
		assert.equal(await access.catalog(), "all");
	});

	it("may hold colons and any letter in the password", async () => {
		using test = await openTestAuth();
		const alice = test.identities.users.get("alice");
		assert.ok(alice);
		test.identities.users.set("alice", { ...alice, passwordHash: await hashPassword("a:b:ü:🔑") });
		await enter(test, basic("alice", "a:b:ü:🔑"));
		await enter(test, basic("alice", "a:b:ü:🔑").replace("Basic", "bAsIc  "));
	});

	it("that are malformed fail", async () => {
		using test = await openTestAuth();
		for (const header of ["Basic", "Basic ", "Basic !!!", `Basic ${btoa("alice")}`, basic("", "x"), "Digest x", ""]) {
			assert.ok("failed" in (await test.auth.authenticator.authenticate(header, signal)), header);
		}
	});

	it("fail where they are switched off", async () => {
		using test = await openTestAuth({ basic: false });
		const outcome = await test.auth.authenticator.authenticate(basic("alice", "password of alice"), signal);
		assert.ok("failed" in outcome);
	});

	it("are counted by address", async () => {
		using test = await openTestAuth();
		for (let i = 0; i < 20; i++) {
			await test.auth.authenticator.authenticate(basic("alice", `wrong ${i}`), signal, "192.0.2.7");
		}
		const header = basic("alice", "password of alice");
		await assert.rejects(enter(test, header, "192.0.2.7"), { code: "TOOMANYREQUESTS" });
		await enter(test, header, "192.0.2.8");
	});
});

describe("a bearer token", () => {
	it("gives what it says and what anybody may, and nothing else its owner could do", async () => {
		using test = await openTestAuth();
		const access = await enter(test, await bearer(test, "alice", "repository:team/web:pull"));
		assert.equal(access.actor, "user:alice");
		assert.equal(await access.allows("pull", "team/web"), true);
		assert.equal(await access.allows("push", "team/web"), false);
		assert.equal(await access.allows("pull", "team/api"), false);
		assert.equal(await access.allows("pull", "house/tool"), false);
		assert.equal(await access.allows("pull", "library/alpine"), true);
		assert.equal(await access.catalog(), undefined);
	});

	it("needs no metadata for what it says", async () => {
		using test = await openTestAuth();
		const header = await bearer(test, "alice", "repository:team/web:pull");
		const reads = test.projects.reads + test.identities.reads;
		test.clock.at += 60_000;
		assert.equal(await (await enter(test, header)).allows("pull", "team/web"), true);
		assert.equal(test.projects.reads + test.identities.reads, reads);
	});

	it("lets what was taken away go on until it expires, and no longer", async () => {
		using test = await openTestAuth();
		const header = await bearer(test, "alice", "repository:team/web:push");
		test.projects.put("team", { members: [] });
		test.clock.at += 299_000;
		assert.equal(await (await enter(test, header)).allows("push", "team/web"), true);
		test.clock.at += 1_000;
		assert.ok("failed" in (await test.auth.authenticator.authenticate(header, signal)));
	});

	it("that is wrong fails, and does not fall back to anonymous access", async () => {
		using test = await openTestAuth();
		for (const header of ["Bearer", "Bearer ", "Bearer x.y.z", `${await bearer(test, "alice")}x`]) {
			assert.ok("failed" in (await test.auth.authenticator.authenticate(header, signal)), header);
		}
	});

	it("of another registry with the same keys fails", async () => {
		using test = await openTestAuth();
		const { signingKeys, masterKey } = test;
		using other = await openTestAuth({ service: "other.test", signingKeys, masterKey });
		const header = await bearer(other, "alice");
		assert.ok("failed" in (await test.auth.authenticator.authenticate(header, signal)));
	});
});

describe("the catalog by a token", () => {
	const scopeOf = async (test: TestAuth, name: string | undefined) =>
		(await enter(test, await bearer(test, name, "registry:catalog:*"))).catalog();

	it("shows everything to an administrator, and what one may pull to others", async () => {
		using test = await openTestAuth();
		assert.equal(await scopeOf(test, "root"), "all");
		assert.deepEqual(await scopeOf(test, "alice"), { projects: ["house", "library", "team"] });
		assert.deepEqual(await scopeOf(test, undefined), { projects: ["library"] });
		assert.deepEqual(await scopeOf(test, "robot$ci"), { projects: ["house", "library"] });
	});

	it("reads projects page by page, in order", async () => {
		using test = await openTestAuth();
		const names = Array.from({ length: 2_500 }, (_, i) => `p${String(i).padStart(4, "0")}`);
		for (const name of names) test.projects.put(name, { visibility: "Public" });
		assert.deepEqual(await scopeOf(test, undefined), { projects: ["library", ...names] });
	});

	it("shows nothing to whom is gone, or replaced by another of the same name", async () => {
		using test = await openTestAuth();
		const header = await bearer(test, "alice", "registry:catalog:*");
		const alice = test.identities.users.get("alice");
		assert.ok(alice);
		test.identities.users.set("alice", { ...alice, uid: "another" });
		assert.equal(await (await enter(test, header)).catalog(), undefined);
		test.identities.users.delete("alice");
		assert.equal(await (await enter(test, header)).catalog(), undefined);
	});
});
