import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileGlob } from "#/lib/glob.ts";
import { type Applicant, concerns, type NamedProject, permit } from "#/operator/tenancy/permit.ts";

const projectOf = (namespace: string, projectName: string, more: Partial<NamedProject> = {}): NamedProject => ({
	namespace,
	projectName,
	delegateTo: [],
	held: true,
	...more,
});

const applicantOf = (namespace: string, ...names: readonly string[]): Applicant => ({
	namespace,
	registryNamespace: "system",
	permissions: names.map((project) => ({ project, actions: ["pull"] })),
});

const PROJECTS: readonly NamedProject[] = [
	projectOf("team-a", "web"),
	projectOf("team-a", "web-extra"),
	projectOf("team-b", "web-secrets"),
	projectOf("team-b", "tools", { delegateTo: ["team-a"] }),
	projectOf("team-a", "claimed-by-b", { held: false }),
	projectOf("team-b", "claimed-by-b"),
];

const cases: readonly {
	readonly name: string;
	readonly applicant: Applicant;
	readonly granted: readonly string[];
	readonly refused: readonly string[];
}[] = [
	{
		name: "names a Project of its own namespace",
		applicant: applicantOf("team-a", "web"),
		granted: ["web"],
		refused: [],
	},
	{
		name: "names another's Project: refused",
		applicant: applicantOf("team-a", "web-secrets"),
		granted: [],
		refused: ["NotAllowed"],
	},
	{
		name: "names a Project that does not exist: refused in the same words",
		applicant: applicantOf("team-a", "web-nothing"),
		granted: [],
		refused: ["NotAllowed"],
	},
	{
		name: "names what was delegated to it",
		applicant: applicantOf("team-a", "tools"),
		granted: ["tools"],
		refused: [],
	},
	{
		name: "has a pattern, which finds its own and what was delegated alone",
		applicant: applicantOf("team-a", "*"),
		granted: ["tools", "web", "web-extra"],
		refused: [],
	},
	{
		name: "has a Project that wants a name which is another's: the name gives it nothing",
		applicant: applicantOf("team-a", "claimed-by-b"),
		granted: [],
		refused: ["DependencyNotReady"],
	},
	{ name: "has a pattern that finds nothing", applicant: applicantOf("team-c", "*"), granted: [], refused: [] },
	{
		name: "is in the Registry's own namespace: names and patterns are what they are",
		applicant: applicantOf("system", "web-*", "yet-to-come"),
		granted: ["web-*", "yet-to-come"],
		refused: [],
	},
];

for (const { name, applicant, granted, refused } of cases) {
	test(`a robot ${name}`, () => {
		const { grants, refusals } = permit(applicant, PROJECTS);
		assert.deepEqual(
			grants.map(({ project }) => project),
			granted,
		);
		assert.deepEqual(
			refusals.map(({ reason }) => reason),
			refused,
		);
	});
}

test("what is refused does not tell whether another has it", () => {
	const [other] = permit(applicantOf("team-a", "web-secrets"), PROJECTS).refusals;
	const [none] = permit(applicantOf("team-a", "web-secretz"), PROJECTS).refusals;
	assert.equal(other?.message.replace("secrets", "secretz"), none?.message);
});

test("a delegation or a Project that goes takes with it what it gave", () => {
	const applicant = applicantOf("team-a", "tools", "web*");
	const before = permit(applicant, PROJECTS).grants.map(({ project }) => project);
	const fewer = PROJECTS.filter(({ projectName }) => projectName !== "web").map((one) => ({ ...one, delegateTo: [] }));
	const after = permit(applicant, fewer).grants.map(({ project }) => project);
	assert.deepEqual(before, ["tools", "web", "web-extra"]);
	assert.deepEqual(after, ["web-extra"]);
});

test("whatever the patterns and the projects, no grant of a tenant reaches what is neither its own nor delegated", () => {
	const name = fc.stringMatching(/^[ab-]{1,4}$/);
	const pattern = fc.stringMatching(/^[ab*?-]{1,4}$/);
	const namespace = fc.constantFrom("system", "team-a", "team-b", "team-c");
	const project = fc.record({
		namespace,
		projectName: name,
		delegateTo: fc.uniqueArray(namespace, { maxLength: 2 }),
		held: fc.boolean(),
	});
	const permissions = fc.array(fc.record({ project: pattern, actions: fc.constant(["pull" as const]) }), {
		maxLength: 4,
	});
	fc.assert(
		fc.property(fc.array(project, { maxLength: 8 }), permissions, (projects, wanted) => {
			const applicant = { namespace: "team-a", registryNamespace: "system", permissions: wanted };
			const { grants } = permit(applicant, projects);
			for (const other of [...projects, projectOf("team-d", "a"), projectOf("team-d", "ab-")]) {
				const reached = grants.some((grant) => compileGlob(grant.project)(other.projectName));
				const allowed = projects.some(
					(one) =>
						one.held &&
						one.projectName === other.projectName &&
						(one.namespace === "team-a" || one.delegateTo.includes("team-a")),
				);
				assert.ok(!reached || allowed, `${other.projectName} is reached`);
			}
			const shuffled = permit(applicant, projects.toReversed());
			assert.deepEqual(shuffled.grants, grants, "the order in which Projects are known makes no difference");
		}),
	);
});

test("more projects than a robot may have are said to be too many, and the rest is granted", () => {
	const many = Array.from({ length: 1_001 }, (_, i) => projectOf("team-a", `p${i}`));
	const { grants, refusals } = permit(applicantOf("team-a", "p*"), many);
	assert.equal(grants.length, 1_000);
	assert.match(refusals[0]?.message ?? "", /reach 1001 projects/);
});

test("a permission concerns the projects that its pattern finds", () => {
	assert.ok(concerns({ project: "web-*" }, "web-front"));
	assert.ok(!concerns({ project: "web-*" }, "web"));
});
