import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { findVerifier, isRobotName, robotObstacle, robotVerifier } from "#/auth/robots.ts";

const UID = "6f1f9a3e-2f0b-4a55-9a52-0d1cbb1f7a01";
const [OLD, NEW] = ["old secret", "new secret"].map((secret) => robotVerifier(UID, secret)) as [string, string];
const NOW = Date.UTC(2026, 10, 22);

describe("a robot's verifier", () => {
	it("is the SHA-256 over uid, NUL and secret, in hex", () => {
		assert.equal(
			robotVerifier("u", "s"),
			createHash("sha256")
				.update(Buffer.from([0x75, 0, 0x73]))
				.digest("hex"),
		);
	});

	it("is satisfied by its secret alone", () => {
		const robot = { uid: UID, verifiers: [{ hash: NEW }] };
		assert.equal(findVerifier(robot, "new secret", NOW), NEW);
		assert.equal(findVerifier(robot, "old secret", NOW), undefined);
		assert.equal(findVerifier(robot, "", NOW), undefined);
		assert.equal(findVerifier(robot, NEW, NOW), undefined);
		assert.equal(findVerifier({ ...robot, uid: "another" }, "new secret", NOW), undefined);
	});

	it("serves beside another until its time is over", () => {
		const robot = { uid: UID, verifiers: [{ hash: OLD, notAfter: NOW }, { hash: NEW }] };
		assert.equal(findVerifier(robot, "old secret", NOW - 1), OLD);
		assert.equal(findVerifier(robot, "old secret", NOW), undefined);
		assert.equal(findVerifier(robot, "new secret", NOW), NEW);
	});

	it("that is malformed is satisfied by nothing", () => {
		assert.equal(findVerifier({ uid: UID, verifiers: [{ hash: "" }, { hash: "abc" }] }, "new secret", NOW), undefined);
		assert.equal(findVerifier({ uid: UID, verifiers: [] }, "new secret", NOW), undefined);
	});
});

describe("a robot", () => {
	const robot = { uid: UID, name: "robot$ci", verifiers: [], disabled: false, permissions: [], trust: [] };

	it("may be used until it expires", () => {
		assert.equal(robotObstacle(robot, NOW), undefined);
		assert.equal(robotObstacle({ ...robot, expiresAt: NOW + 1 }, NOW), undefined);
		assert.match(robotObstacle({ ...robot, expiresAt: NOW }, NOW) ?? "", /expired/);
	});

	it("may not be used while it is disabled", () => {
		assert.match(robotObstacle({ ...robot, disabled: true }, NOW) ?? "", /disabled/);
	});

	it("is known by how its name begins", () => {
		assert.equal(isRobotName("robot$team-a+ci"), true);
		assert.equal(isRobotName("robot"), false);
		assert.equal(isRobotName("my-robot$ci"), false);
	});
});
