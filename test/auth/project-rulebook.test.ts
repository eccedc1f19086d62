import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { ProjectRulebook } from "#/auth/project-rulebook.ts";
import { ANONYMOUS, type Subject } from "#/auth/subject.ts";
import { type FakeClock, fakeClock, MemoryProjects } from "./memory-metadata.ts";
import { openTestAuth, signal } from "./test-auth.ts";

const user = (name: string, admin = false): Subject => ({ kind: "user", name, uid: `uid-of-${name}`, admin });
const ALICE = user("alice");
const BOB = user("bob");

describe("a rulebook of projects", () => {
	let clock: FakeClock;
	let projects: MemoryProjects;
	let rulebook: ProjectRulebook;
	beforeEach(() => {
		clock = fakeClock();
		projects = new MemoryProjects();
		projects.put("team", { members: [{ kind: "User", name: "alice", role: "developer" }] });
		rulebook = new ProjectRulebook({ projects, now: clock.now });
	});

	/** How many reads each of the questions takes. */
	const readsOf = async (subject: Subject, name: string, times: number): Promise<readonly number[]> => {
		const reads: number[] = [];
		for (let i = 0; i < times; i++) {
			const before = projects.reads;
			assert.equal(await rulebook.allows(subject, "pull", `${name}/web`), false);
			reads.push(projects.reads - before);
		}
		return reads;
	};

	it("reads a project once in five seconds for those who are allowed", async () => {
		for (let i = 0; i < 10; i++) assert.equal(await rulebook.allows(ALICE, "push", "team/web"), true);
		assert.equal(projects.reads, 1);
		clock.at += 5_000;
		assert.equal(await rulebook.allows(ALICE, "push", "team/web"), true);
		assert.equal(projects.reads, 2);
	});

	for (const subject of [BOB, ANONYMOUS]) {
		it(`reads as much to refuse an unknown project as a known one: ${subject.kind}`, async () => {
			const unknown = await readsOf(subject, "nowhere", 3);
			assert.deepEqual(await readsOf(subject, "team", 3), unknown);
			assert.deepEqual(unknown, [1, 0, 0]);
			clock.at += 5_000;
			assert.deepEqual(await readsOf(subject, "nowhere", 2), [1, 0]);
			assert.deepEqual(await readsOf(subject, "team", 2), [1, 0]);
		});

		it(`reads as much to refuse a project that others are using: ${subject.kind}`, async () => {
			await rulebook.allows(ALICE, "pull", "team/web");
			assert.deepEqual(await readsOf(subject, "team", 3), [1, 0, 0]);
		});
	}

	it("keeps what is known through a flood of unknown names, and a bounded number of those", async () => {
		await rulebook.allows(ALICE, "pull", "team/web");
		await readsOf(BOB, "team", 1);
		for (let i = 0; i < 10_000; i++) await rulebook.allows(BOB, "pull", `nowhere-${i}/web`);
		const before = projects.reads;
		assert.equal(await rulebook.allows(ALICE, "pull", "team/web"), true);
		assert.equal(projects.reads, before);
		assert.deepEqual(await readsOf(BOB, "nowhere-0", 1), [1]);
		assert.deepEqual(await readsOf(BOB, "team", 1), [1]);
	});

	it("allows what one may after somebody else was refused", async () => {
		await readsOf(BOB, "team", 1);
		const before = projects.reads;
		assert.equal(await rulebook.allows(ALICE, "pull", "team/web"), true);
		assert.equal(projects.reads, before);
	});

	it("sees a project within five seconds of its creation, and sees it gone as soon", async () => {
		await readsOf(ALICE, "fresh", 1);
		projects.put("fresh", { visibility: "Public" });
		clock.at += 5_000;
		assert.equal(await rulebook.allows(ALICE, "pull", "fresh/web"), true);
		projects.all.delete("fresh");
		clock.at += 5_000;
		assert.equal(await rulebook.allows(ALICE, "pull", "fresh/web"), false);
	});

	it("goes by what projects say now once it is to forget, whatever was being read", async () => {
		await readsOf(BOB, "team", 2);
		assert.equal(await rulebook.allows(ALICE, "pull", "team/web"), true);
		const asked = rulebook.allows(BOB, "pull", "team/web");
		projects.put("team", { visibility: "Public" });
		rulebook.forget();
		await asked;
		assert.equal(await rulebook.allows(BOB, "pull", "team/web"), true);
		projects.put("team", { visibility: "Private" });
		rulebook.forget();
		assert.equal(await rulebook.allows(BOB, "pull", "team/web"), false);
		assert.equal(await rulebook.allows(ALICE, "pull", "team/web"), false);
	});

	it("lets administrators into projects that do not exist, and nobody else", async () => {
		assert.equal(await rulebook.allows(user("root", true), "push", "nowhere/web"), true);
		for (const subject of [ALICE, BOB, ANONYMOUS]) {
			assert.equal(await rulebook.allows(subject, "push", "nowhere/web"), false);
		}
	});
});

describe("a token for several actions and repositories", () => {
	it("takes one read of a project, whether there is such a project or not", async () => {
		for (const name of ["nowhere", "team"]) {
			using test = await openTestAuth();
			const scopes = [`repository:${name}/a:pull,push,delete`, `repository:${name}/b:pull,push`];
			const grant = await test.auth.tokenService.grant({ identity: undefined, scopes, offline: false }, signal);
			assert.equal(grant.scope, "");
			assert.equal(test.projects.reads, 1, name);
		}
	});
});
