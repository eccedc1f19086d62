import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { eventually } from "../operator-world.ts";
import { chartPath, valueArguments } from "./render.ts";
import { toolsFor } from "./tools.ts";

/** A Kubernetes API that a release is installed on. Neither pods nor controllers are needed. */
export interface ChartCluster extends AsyncDisposable {
	/** Path of a kubeconfig of somebody who may do everything. */
	readonly kubeconfig: string;
}

const INSIDE = ["--namespace", "limani-system"];
const VALUES = valueArguments({});
/** What a release makes in its namespace. */
const KINDS = "deployment,serviceaccount,role,rolebinding,poddisruptionbudget,networkpolicy";
const OURS = "app.kubernetes.io/instance=limani";

const PROJECT = `
apiVersion: limani.dev/v1alpha1
kind: Project
metadata:
  name: kept
  namespace: default
spec:
  registryRef:
    name: default
`;

/** The chart as an older release may have had it: the kind Project had one column less. */
const olderChart = (home: string): string => {
	const path = join(home, "older");
	cpSync(chartPath("limani"), path, { recursive: true });
	const file = join(path, "templates/crds/projects.yaml");
	const text = readFileSync(file, "utf8");
	const older = text.replace(/ {8}- description: Who may pull\n(?: {10}.*\n){3}/, "");
	assert.notEqual(older, text);
	writeFileSync(file, older);
	return path;
};

/** A release of the charts, from its beginning to its end, on any Kubernetes API. */
export const chartSuite = (on: string, open: () => Promise<ChartCluster>): void => {
	describe(`The charts on ${on}`, () => {
		const chart = chartPath("limani");
		let stack: AsyncDisposableStack;
		let home: string;
		let tools: ReturnType<typeof toolsFor>;
		before(async () => {
			stack = new AsyncDisposableStack();
			home = mkdtempSync(join(tmpdir(), "limani-chart-"));
			stack.defer(() => rmSync(home, { recursive: true, force: true }));
			tools = toolsFor(stack.use(await open()).kubeconfig, home);
		});
		after(() => stack.disposeAsync());

		const deployment = (path: string) =>
			tools.kubectl("get", "deployment", "limani", ...INSIDE, "-o", `jsonpath={${path}}`);
		const columns = () =>
			tools.kubectl(
				"get",
				"crd",
				"projects.limani.dev",
				"-o",
				"jsonpath={.spec.versions[0].additionalPrinterColumns[*].name}",
			);

		it("are installed, with their definitions and all that goes with the operator", async () => {
			const output = await tools.helm(
				"install",
				"limani",
				olderChart(home),
				...INSIDE,
				"--create-namespace",
				...VALUES,
			);
			assert.match(output, /STATUS: deployed/);
			assert.match(output, /Secrets in limani-system and nowhere else/);
			assert.equal(await deployment(".spec.replicas"), "2");
			const definitions = await tools.kubectl("get", "crd", "-o", "name");
			for (const { plural } of ALL_KINDS) assert.match(definitions, new RegExp(`/${plural}\\.limani\\.dev$`, "m"));
			const made = await tools.kubectl("get", KINDS, ...INSIDE, "-o", "name", "-l", OURS);
			assert.deepEqual(made.trim().split("\n").toSorted(), [
				"deployment.apps/limani",
				"networkpolicy.networking.k8s.io/limani",
				"poddisruptionbudget.policy/limani",
				"role.rbac.authorization.k8s.io/limani-system-limani-lease",
				"role.rbac.authorization.k8s.io/limani-system-limani-secrets",
				"rolebinding.rbac.authorization.k8s.io/limani-system-limani-lease",
				"rolebinding.rbac.authorization.k8s.io/limani-system-limani-secrets",
				"serviceaccount/limani",
			]);
			assert.doesNotMatch(await columns(), /Visibility/);
		});

		it("have their definitions upgraded with them, and what was written stays", async () => {
			writeFileSync(join(home, "project.yaml"), PROJECT);
			await tools.kubectl("apply", "-f", "project.yaml");
			await tools.helm("upgrade", "limani", chart, ...INSIDE, ...VALUES, "--set", "replicas=3");
			assert.equal(await deployment(".spec.replicas"), "3");
			assert.match(await columns(), /Visibility/);
			assert.match(await tools.kubectl("get", "project", "kept"), /^kept\s/m);
		});

		it("change nothing when they are upgraded to what they are", async () => {
			const versions = () =>
				tools.kubectl("get", KINDS, ...INSIDE, "-o", "jsonpath={.items[*].metadata.resourceVersion}");
			const before = await versions();
			await tools.helm("upgrade", "limani", chart, ...INSIDE, ...VALUES, "--set", "replicas=3");
			assert.equal(await versions(), before);
		});

		it("refuse a value that does not exist, and leave the release as it is", async () => {
			const { code, stderr } = await tools.attemptHelm(
				"upgrade",
				"limani",
				chart,
				...INSIDE,
				...VALUES,
				"--set",
				"replica=5",
			);
			assert.notEqual(code, 0);
			assert.match(stderr, /at '': additional properties 'replica' not allowed/);
			assert.equal(await deployment(".spec.replicas"), "3");
		});

		it("have a test that makes a registry of its own to push to", async () => {
			// There is no node here for its pod to run on.
			const failing = tools.attemptHelm("test", "limani", ...INSIDE, "--timeout", "20s");
			const made = ["pod", "project.limani.dev", "registry.limani.dev", "robotaccount.limani.dev"];
			const list = async () => {
				const found = await tools.kubectl(
					"get",
					"registry,project,robotaccount,pod",
					...INSIDE,
					"-o",
					"name",
					"-l",
					OURS,
				);
				const named = found.split("\n").filter((name) => name.endsWith("/limani-test"));
				return named.map((name) => name.replace("/limani-test", "")).toSorted();
			};
			await eventually(async () => {
				const found = await list();
				return isDeepStrictEqual(found, made) ? [] : [`there are ${found.join(", ")}`];
			});
			assert.notEqual((await failing).code, 0);
			assert.deepEqual(await list(), ["pod"], "only what tells why it failed stays");
			await tools.kubectl("delete", "pod", "limani-test", ...INSIDE);
		});

		it("are rolled back, definitions and all", async () => {
			await tools.helm("rollback", "limani", "1", ...INSIDE);
			assert.equal(await deployment(".spec.replicas"), "2");
			assert.doesNotMatch(await columns(), /Visibility/);
			assert.match(await tools.kubectl("get", "project", "kept"), /^kept\s/m);
		});

		it("are uninstalled, and leave the definitions with what was written", async () => {
			await tools.helm("uninstall", "limani", ...INSIDE);
			assert.equal(await tools.kubectl("get", KINDS, ...INSIDE, "-o", "name", "-l", OURS), "");
			const wide = await tools.kubectl("get", "clusterrole,clusterrolebinding", "-o", "name");
			assert.doesNotMatch(wide, /limani/);
			assert.match(await tools.kubectl("get", "project", "kept"), /^kept\s/m);
		});

		it("are installed again, over the definitions that stayed", async () => {
			await tools.helm("install", "limani", chart, ...INSIDE, ...VALUES);
			assert.match(await columns(), /Visibility/);
			assert.match(await tools.kubectl("get", "project", "kept"), /^kept\s/m);
			await tools.helm("uninstall", "limani", ...INSIDE);
		});

		it("may be two: the definitions apart, and the operator without them", async () => {
			const taken = ["--take-ownership"];
			await tools.helm("install", "limani-crds", chartPath("limani-crds"), ...INSIDE, ...taken);
			await tools.helm("install", "limani", chart, ...INSIDE, ...VALUES, "--set", "crds.enabled=false");
			const owner = "jsonpath={.metadata.annotations.meta\\.helm\\.sh/release-name}";
			assert.equal(await tools.kubectl("get", "crd", "registries.limani.dev", "-o", owner), "limani-crds");
			await tools.helm("uninstall", "limani", ...INSIDE);
			await tools.helm("uninstall", "limani-crds", ...INSIDE);
			assert.match(await tools.kubectl("get", "project", "kept"), /^kept\s/m);
		});
	});
};
