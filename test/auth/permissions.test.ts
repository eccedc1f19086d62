import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Action } from "#/auth/access.ts";
import { canPullAll, decide, type ProjectRules } from "#/auth/permissions.ts";
import { compileGrants } from "#/auth/robots.ts";
import { ANONYMOUS, type Subject } from "#/auth/subject.ts";
import type { RobotPermission } from "#/metadata/identities.ts";
import type { Role, Visibility } from "#/metadata/projects.ts";

const ACTIONS: readonly Action[] = ["pull", "push", "delete"];

const user = (name: string, admin = false): Subject => ({ kind: "user", name, uid: `uid-of-${name}`, admin });

const robot = (...permissions: readonly RobotPermission[]): Subject => ({
	kind: "robot",
	name: "robot$ci",
	uid: "uid-of-ci",
	grants: compileGrants(permissions),
});

const project = (visibility: Visibility, role?: Role): ProjectRules => ({
	name: "team",
	visibility,
	members: role === undefined ? [] : [{ kind: "User", name: "alice", role }],
});

/** What the subject may do, of all there is. */
const actionsOf = (subject: Subject, rules: ProjectRules, repository = "team/web"): string =>
	ACTIONS.filter((action) => decide({ subject, project: rules, action, repository })).join(" ");

describe("a role", () => {
	const cases: readonly (readonly [role: Role, actions: string])[] = [
		["admin", "pull push delete"],
		["maintainer", "pull push delete"],
		["developer", "pull push"],
		["guest", "pull"],
		["limitedGuest", "pull"],
	];
	for (const [role, actions] of cases) {
		it(`${role} includes ${actions}`, () => assert.equal(actionsOf(user("alice"), project("Private", role)), actions));
	}

	it("is its member's alone", () => {
		assert.equal(actionsOf(user("bob"), project("Private", "admin")), "");
		assert.equal(actionsOf(user("Alice"), project("Private", "admin")), "");
	});

	it("of a group or service account is not that of a user with its name", () => {
		for (const kind of ["Group", "ServiceAccount"] as const) {
			const rules = { ...project("Private"), members: [{ kind, name: "alice", role: "admin" as const }] };
			assert.equal(actionsOf(user("alice"), rules), "");
		}
	});

	it("adds to the others of the same user", () => {
		const members = (["guest", "maintainer"] as const).map((role) => ({ kind: "User" as const, name: "alice", role }));
		assert.equal(actionsOf(user("alice"), { ...project("Private"), members }), "pull push delete");
	});
});

describe("visibility", () => {
	const cases: readonly (readonly [Visibility, anonymous: string, identified: string])[] = [
		["Private", "", ""],
		["Internal", "", "pull"],
		["Public", "pull", "pull"],
	];
	for (const [visibility, anonymous, identified] of cases) {
		it(`${visibility} gives strangers "${anonymous}" and identities "${identified}"`, () => {
			assert.equal(actionsOf(ANONYMOUS, project(visibility)), anonymous);
			assert.equal(actionsOf(user("bob"), project(visibility)), identified);
			assert.equal(actionsOf(robot(), project(visibility)), identified);
		});
	}
});

describe("an administrator", () => {
	it("may do everything in every project", () => {
		for (const visibility of ["Private", "Internal", "Public"] as const) {
			assert.equal(actionsOf(user("root", true), project(visibility)), "pull push delete");
		}
	});
});

describe("a robot's permission", () => {
	const cases: readonly (readonly [permission: RobotPermission, repository: string, actions: string])[] = [
		[{ project: "team", actions: ["pull"] }, "team/web", "pull"],
		[{ project: "team", actions: ["push"] }, "team/web", "push"],
		[{ project: "team", actions: ["pull", "push", "delete"] }, "team/a/b/c", "pull push delete"],
		[{ project: "team", actions: ["pull"] }, "team", "pull"],
		[{ project: "other", actions: ["pull"] }, "team/web", ""],
		[{ project: "tea*", actions: ["pull"] }, "team/web", "pull"],
		[{ project: "*", actions: ["pull"] }, "team/web", "pull"],
		[{ project: "te", actions: ["pull"] }, "team/web", ""],
		[{ project: "team", repositories: [], actions: ["pull"] }, "team/web", ""],
		[{ project: "team", repositories: ["web"], actions: ["pull"] }, "team/web", "pull"],
		[{ project: "team", repositories: ["web"], actions: ["pull"] }, "team/web/front", ""],
		[{ project: "team", repositories: ["team/web"], actions: ["pull"] }, "team/web", ""],
		[{ project: "team", repositories: ["*"], actions: ["pull"] }, "team/web", "pull"],
		[{ project: "team", repositories: ["*"], actions: ["pull"] }, "team/web/front", ""],
		[{ project: "team", repositories: ["**"], actions: ["pull"] }, "team", "pull"],
		[{ project: "team", repositories: ["web/**"], actions: ["pull"] }, "team/web/front", "pull"],
		[{ project: "team", repositories: ["api", "web"], actions: ["pull"] }, "team/web", "pull"],
	];
	for (const [permission, repository, actions] of cases) {
		it(`${JSON.stringify(permission)} gives "${actions}" on ${repository}`, () => {
			assert.equal(actionsOf(robot(permission), project("Private"), repository), actions);
		});
	}

	it("does not lend its actions to another", () => {
		const subject = robot(
			{ project: "team", repositories: ["web"], actions: ["push"] },
			{ project: "team", actions: ["pull"] },
		);
		assert.equal(actionsOf(subject, project("Private"), "team/web"), "pull push");
		assert.equal(actionsOf(subject, project("Private"), "team/api"), "pull");
	});
});

describe("a catalog shows a project", () => {
	const cases: readonly (readonly [why: string, Subject, ProjectRules, boolean])[] = [
		["to strangers where it is Public", ANONYMOUS, project("Public"), true],
		["to no stranger where it is Internal", ANONYMOUS, project("Internal"), false],
		["to identities where it is Internal", user("bob"), project("Internal"), true],
		["to members", user("alice"), project("Private", "limitedGuest"), true],
		["to no other user", user("bob"), project("Private", "admin"), false],
		["to robots that may pull all of it", robot({ project: "t*", actions: ["pull"] }), project("Private"), true],
		[
			"to no robot that may pull a part of it",
			robot({ project: "team", repositories: ["web"], actions: ["pull"] }),
			project("Private"),
			false,
		],
		["to no robot that may only push", robot({ project: "team", actions: ["push"] }), project("Private"), false],
	];
	for (const [why, subject, rules, shown] of cases) it(why, () => assert.equal(canPullAll(subject, rules), shown));
});
