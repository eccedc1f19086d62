import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseControlledSpec } from "#/api/controlled-specs.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { parseResource } from "#/api/kinds/parse-resource.ts";
import {
	PROJECT_CONDITIONS,
	PROJECT_REASONS,
	type ProjectCondition,
	type ProjectReason,
	parseProject,
	projectKind,
	projectNameOf,
} from "#/api/kinds/project.ts";
import {
	parseRegistry,
	REGISTRY_CONDITIONS,
	REGISTRY_REASONS,
	type RegistryCondition,
	type RegistryReason,
	registryKind,
} from "#/api/kinds/registry.ts";
import {
	parseRobotAccount,
	ROBOT_ACCOUNT_CONDITIONS,
	ROBOT_ACCOUNT_REASONS,
	type RobotAccountCondition,
	type RobotAccountReason,
	robotAccountKind,
	robotFullName,
} from "#/api/kinds/robot-account.ts";
import { isProjectName } from "#/api/project-spec.ts";

const metadata = { name: "some", namespace: "team", uid: "u", generation: 1 };
const registryRef = { name: "default" };

/** What namespaces and most objects may be called. */
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?$/);
const subdomain = fc
	.array(label, { minLength: 1, maxLength: 5 })
	.map((labels) => labels.join("."))
	.filter((name) => name.length <= 253);

const resourceOf = <R>(parsed: { readonly resource: R } | { readonly invalid: string }): R =>
	"resource" in parsed ? parsed.resource : assert.fail(parsed.invalid);

test("a spec comes with its defaults, and a status says that nobody has looked yet", () => {
	const registry = resourceOf(parseRegistry({ metadata }));
	assert.deepEqual(registry.spec, {
		replicas: 1,
		storage: { filesystem: { size: "10Gi" } },
		storageClasses: [],
		database: { embedded: {} },
		exposure: { service: { type: "ClusterIP", annotations: {} } },
		auth: {
			users: [],
			anonymousPull: true,
			basic: true,
			issuers: [],
			tokenLifetime: "5m",
			refreshTokenLifetime: "30d",
		},
		allowedNamespaces: { names: [] },
		egress: { allow: [] },
		deletionPolicy: "Retain",
		suspend: false,
	});
	assert.deepEqual(registry.status, { observedGeneration: -1, conditions: [] });
	const robot = resourceOf(parseRobotAccount({ metadata, spec: { registryRef } }));
	assert.deepEqual(robot.spec.rotation, { gracePeriod: "1h" });
	assert.equal(robot.spec.secret.type, "DockerConfigJson");
	const project = resourceOf(parseProject({ metadata, spec: { registryRef } }));
	assert.equal(project.spec.deletionPolicy, "Orphan");
	assert.equal(project.spec.visibility, "Private");
});

test("unknown fields are dropped, as the API server does", () => {
	const project = resourceOf(parseProject({ metadata, spec: { registryRef, gone: 1 } }));
	assert.equal("gone" in project.spec, false);
});

test("what is wrong is told by field, value and expectation", () => {
	const parsed = parseProject({ metadata, spec: { registryRef, visibility: "Secret", projectName: "A" } });
	assert.ok("invalid" in parsed);
	assert.match(parsed.invalid, /spec\.projectName: got "A", expected one lower-case component/);
	assert.match(parsed.invalid, /spec\.visibility: got "Secret"/);
	const twice = [
		{ name: "ann", role: "guest" },
		{ name: "ann", role: "admin" },
	];
	const doubled = parseProject({ metadata, spec: { registryRef, members: twice } });
	assert.ok("invalid" in doubled);
	assert.match(doubled.invalid, /^spec\.members\[1\]: got an object, expected each kind and name once$/);
});

test("a status that cannot be read is as good as none", () => {
	const status = { observedGeneration: "x", conditions: 7 };
	const { status: read } = resourceOf(parseProject({ metadata, spec: { registryRef }, status }));
	assert.deepEqual(read, { observedGeneration: -1, conditions: [] });
});

test("whatever stands for a resource, there is an answer on one line", () => {
	fc.assert(
		fc.property(fc.constantFrom(...ALL_KINDS), fc.anything(), fc.anything(), (kind, spec, status) => {
			const parsed = parseResource(kind, { metadata, spec, status });
			if ("invalid" in parsed) assert.match(parsed.invalid, /^[^\n]{1,1001}$/);
		}),
	);
	assert.ok("invalid" in parseProject({}));
});

test("every name of an object is a name that its project can have, and a project's name is what Control takes", () => {
	fc.assert(
		fc.property(subdomain, (name) => {
			const project = resourceOf(parseProject({ metadata: { ...metadata, name }, spec: { registryRef } }));
			assert.equal(projectNameOf(project), name);
			assert.ok(isProjectName(name));
		}),
	);
	const projectName = fc.oneof(
		fc.stringMatching(/^[a-z0-9._-]{1,8}$/),
		fc.constantFrom("x".repeat(253), "x".repeat(254)),
	);
	fc.assert(
		fc.property(projectName, (name) => {
			const parsed = parseProject({ metadata, spec: { registryRef, projectName: name } });
			assert.equal("resource" in parsed, isProjectName(name));
		}),
	);
});

test("what a robot is called in a registry is a name that Control takes, and no two robots share one", () => {
	const short = subdomain.filter((name) => name.length <= 63);
	fc.assert(
		fc.property(label, short, label, short, (namespace, name, otherNamespace, otherName) => {
			const fullName = robotFullName({ namespace, name });
			assert.ok("spec" in parseControlledSpec("RobotAccount", { name: fullName, verifiers: [] }), fullName);
			const isSame = namespace === otherNamespace && name === otherName;
			assert.equal(robotFullName({ namespace: otherNamespace, name: otherName }) === fullName, isSame);
		}),
	);
});

test("a user that a Registry may have is one that Control takes", () => {
	const passwordHash = `$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NQ$${"A".repeat(43)}`;
	const name = fc.oneof(fc.stringMatching(/^[A-Za-z0-9._@+$:< -]{1,10}$/), fc.string());
	fc.assert(
		fc.property(name, (given) => {
			const users = [{ name: given, passwordSecretRef: { name: "s", key: "k" } }];
			const parsed = parseRegistry({ metadata, spec: { auth: { users } } });
			if ("invalid" in parsed) return;
			assert.ok("spec" in parseControlledSpec("User", { name: given, passwordHash }), given);
		}),
	);
});

test("conditions and reasons are closed lists of CamelCase words, a sentence each", () => {
	for (const { conditions, reasons } of ALL_KINDS) {
		for (const [word, sentence] of Object.entries({ ...conditions, ...reasons })) {
			assert.match(word, /^[A-Z][A-Za-z]+$/);
			assert.match(sentence, /^[A-Zs].*\.$/);
		}
	}
	const vocabularies = [
		[registryKind, REGISTRY_CONDITIONS, REGISTRY_REASONS],
		[projectKind, PROJECT_CONDITIONS, PROJECT_REASONS],
		[robotAccountKind, ROBOT_ACCOUNT_CONDITIONS, ROBOT_ACCOUNT_REASONS],
	] as const;
	const conditions: readonly (RegistryCondition & ProjectCondition & RobotAccountCondition)[] = [
		"Ready",
		"Reconciling",
		"Stalled",
	];
	const reasons: readonly (RegistryReason & ProjectReason & RobotAccountReason)[] = ["Succeeded", "InvalidSpec"];
	for (const [kind, ofConditions, ofReasons] of vocabularies) {
		assert.deepEqual([kind.conditions, kind.reasons], [ofConditions, ofReasons]);
		for (const word of conditions) assert.ok(word in ofConditions);
		for (const word of reasons) assert.ok(word in ofReasons);
	}
});

test("an object that is frozen is parsed once, and one that may still change each time", () => {
	const spec = Object.freeze({ registryRef: Object.freeze({ name: "main" }) });
	const object = { metadata: Object.freeze({ name: "app", namespace: "team", uid: "u", generation: 1 }), spec };
	const first = parseProject(object);
	assert.deepEqual(parseProject(object), first);
	assert.notEqual(parseProject(object), first);
	const frozen = Object.freeze({ ...object });
	const parsed = parseProject(frozen);
	assert.deepEqual(parsed, first);
	assert.equal(parseProject(frozen), parsed);
	assert.notEqual(parseProject(Object.freeze({ ...object })), parsed, "another version of it");
});
