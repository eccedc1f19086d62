import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CONTROLLED_KINDS, parseControlledSpec } from "#/api/controlled-specs.ts";
import { isProjectName, type ProjectSpec } from "#/api/project-spec.ts";
import type { RobotAccountSpec } from "#/api/robot-account-spec.ts";
import type { UserSpec } from "#/api/user-spec.ts";
import type { RobotPermission, RobotTrust } from "#/metadata/identities.ts";
import type { Project } from "#/metadata/projects.ts";
import { isRepositoryName } from "#/oci/name.ts";

const HASH = `$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NQ$${"A".repeat(43)}`;

/** What is wrong with a spec; fails when nothing is. */
const problemOf = (kind: (typeof CONTROLLED_KINDS)[number], spec: unknown): string => {
	const parsed = parseControlledSpec(kind, spec);
	assert.ok("invalid" in parsed, `valid: ${JSON.stringify(spec)}`);
	return parsed.invalid;
};

test("defaults are filled in", () => {
	assert.deepEqual(parseControlledSpec("Project", { name: "alpha" }), {
		spec: {
			name: "alpha",
			visibility: "Private",
			store: "default",
			sparseIndexes: false,
			members: [],
			immutability: [],
			undoWindow: 604_800_000,
		},
	});
	assert.deepEqual(parseControlledSpec("User", { name: "alice", passwordHash: HASH }), {
		spec: { name: "alice", passwordHash: HASH, admin: false, disabled: false },
	});
	assert.deepEqual(parseControlledSpec("RobotAccount", { name: "robot$ci", verifiers: [] }), {
		spec: { name: "robot$ci", verifiers: [], disabled: false, permissions: [], trust: [] },
	});
});

test("a whole spec comes back as it was, and parsing it again changes nothing", () => {
	const project: ProjectSpec = {
		name: "team-a.web__1",
		owner: "team-a/web",
		visibility: "Internal",
		store: "archive",
		sparseIndexes: true,
		members: [
			{ kind: "User", name: "alice", role: "admin" },
			{ kind: "Group", name: "alice", role: "limitedGuest" },
			{ kind: "ServiceAccount", name: "team-a/builder", role: "maintainer" },
		],
		quotaBytes: 10 * 1024 ** 4,
		immutability: [
			{ repositories: { matching: ["**"], excluding: ["tmp/**"] }, tags: { matching: ["v*"], excluding: ["v0*"] } },
		],
		undoWindow: 0,
	};
	const user: UserSpec = { name: "jane.doe@example.org", passwordHash: HASH, admin: true, disabled: true };
	const robot: RobotAccountSpec = {
		name: "robot$team-a+ci",
		verifiers: [{ hash: "0f".repeat(32) }, { hash: "f0".repeat(32), notAfter: 4_102_444_800_000 }],
		expiresAt: 4_102_444_800_000,
		disabled: true,
		permissions: [{ project: "team-*", repositories: ["**", "web/*"], actions: ["pull", "push", "delete"] }],
		trust: [
			{
				issuer: "https://ci.example.org",
				audience: "registry.example.org",
				subject: "repo:acme/*",
				claims: [{ name: "ref", value: "refs/heads/main" }],
				tokenLifetimeS: 60,
			},
		],
	};
	assert.deepEqual(parseControlledSpec("Project", project), { spec: project });
	assert.deepEqual(parseControlledSpec("User", user), { spec: user });
	assert.deepEqual(parseControlledSpec("RobotAccount", robot), { spec: robot });
	// What metadata keeps can hold them as they are.
	const members: Project["members"] = project.members;
	const permissions: readonly RobotPermission[] = robot.permissions;
	const trust: readonly RobotTrust[] = robot.trust;
	assert.ok(members.length > 0 && permissions.length > 0 && trust.length > 0);
});

test("names of users and robots are what Basic authentication and a line of a log can carry", () => {
	for (const name of ["alice", "a", "jane.doe@example.org", "Ünal", "<tokens>", "x".repeat(255), "robot", "Robot$a"]) {
		assert.ok("spec" in parseControlledSpec("User", { name, passwordHash: HASH }), name);
	}
	for (const name of [
		"",
		"a:b",
		"a b",
		"a\nb",
		"a\u0000",
		"a\u202eb",
		"<token>",
		"robot$a",
		"robot$",
		"x".repeat(256),
	]) {
		assert.match(problemOf("User", { name, passwordHash: HASH }), /^name: got /);
	}
	for (const name of ["robot$a", "robot$team+ci", "robot$$", `robot$${"x".repeat(255)}`]) {
		assert.ok("spec" in parseControlledSpec("RobotAccount", { name, verifiers: [] }), name);
	}
	for (const name of ["robot$", "robot", "a", "xrobot$a", "robot$a:b", "robot$a b", `robot$${"x".repeat(256)}`]) {
		assert.match(problemOf("RobotAccount", { name, verifiers: [] }), /^name: got /);
	}
});

test("a project's name is one that repositories can begin with", () => {
	const text = fc.oneof(
		fc.stringMatching(/^[a-z0-9._/-]{1,8}$/),
		fc.string(),
		fc.constantFrom("x".repeat(253), "x".repeat(254)),
	);
	fc.assert(
		fc.property(text, (name) => {
			const isOne = !name.includes("/") && isRepositoryName(`${name}/x`);
			assert.equal(isProjectName(name), isOne);
			assert.equal("spec" in parseControlledSpec("Project", { name }), isOne);
		}),
	);
	for (const name of ["_catalog", "_oci", "..", "", "A", "a/b"]) assert.equal(isProjectName(name), false);
});

test("a quota is a positive number of bytes, or absent", () => {
	for (const quotaBytes of [0, -1, 1.5, 2 ** 53, "10Gi", null]) {
		assert.match(problemOf("Project", { name: "alpha", quotaBytes }), /^quotaBytes: got /);
	}
	assert.ok("spec" in parseControlledSpec("Project", { name: "alpha", quotaBytes: 1 }));
});

test("password hashes are those of Argon2id", () => {
	for (const passwordHash of [
		"",
		"secret",
		HASH.replace("2id", "2i"),
		HASH.replace("19$", "16$"),
		`${HASH}$`,
		`${HASH} `,
	]) {
		const problem = problemOf("User", { name: "alice", passwordHash });
		assert.equal(problem, "passwordHash: got ***, expected an Argon2id hash in PHC string form");
	}
});

test("what may be a secret is never repeated, wherever it stands", () => {
	const secret = "hunter2";
	const specs: readonly (readonly [(typeof CONTROLLED_KINDS)[number], unknown])[] = [
		["User", { name: "alice", passwordHash: secret }],
		["User", { name: "alice", passwordHash: { [secret]: secret } }],
		["User", { name: "alice", passwordHash: HASH, password: secret }],
		["RobotAccount", { name: "robot$ci", verifiers: secret }],
		["RobotAccount", { name: "robot$ci", verifiers: [secret] }],
		["RobotAccount", { name: "robot$ci", verifiers: [{ hash: secret }] }],
		["RobotAccount", { name: "robot$ci", verifiers: [{ hash: "0".repeat(64), notAfter: secret }] }],
		["RobotAccount", { name: "robot$ci", verifiers: [], secret }],
	];
	for (const [kind, spec] of specs) assert.doesNotMatch(problemOf(kind, spec), /hunter2/);
});

test("lists are held to what can be meant", () => {
	const member = { kind: "User", name: "alice", role: "guest" };
	assert.match(
		problemOf("Project", { name: "a", members: [member, { ...member, role: "admin" }] }),
		/^members\[1\]\.name: got "alice", expected each User once$/,
	);
	const permission = { project: "a", actions: ["pull"] };
	const robot = (permissions: unknown) => ({ name: "robot$ci", verifiers: [], permissions });
	assert.ok("spec" in parseControlledSpec("RobotAccount", robot([permission])));
	assert.match(problemOf("RobotAccount", robot([{ ...permission, actions: [] }])), /permissions\[0\]\.actions: /);
	// An empty list would allow nothing here and everything to the eye.
	assert.match(
		problemOf("RobotAccount", robot([{ ...permission, repositories: [] }])),
		/permissions\[0\]\.repositories: /,
	);
});

test("whatever stands for a spec, there is an answer of bounded length on one line", () => {
	fc.assert(
		fc.property(fc.constantFrom(...CONTROLLED_KINDS), fc.anything({ withNullPrototype: true }), (kind, spec) => {
			const problem = problemOf(kind, spec);
			assert.ok(problem.length > 0 && problem.length <= 1_001);
			assert.doesNotMatch(problem, /\n/);
		}),
	);
	const odd = problemOf("User", { name: "alice", passwordHash: HASH, "a\nb": 1, "": 2 });
	assert.equal(odd, '"a\\nb": no such field in this release; "": no such field in this release');
	const keys = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field${i}`.repeat(50), i]));
	const crowded = problemOf("Project", { name: "a", ...keys });
	assert.ok(crowded.length <= 1_001, String(crowded.length));
});
