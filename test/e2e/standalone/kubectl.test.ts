// What people do with kubectl to the resources of a registry that runs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { makeLayout } from "../../support/oci-layout.ts";
import { findPart } from "../../support/parts.ts";
import { outputOf } from "../../support/run-program.ts";
import { credentialFile, pull, push } from "../../support/standalone-images.ts";
import { type StandaloneProcess, startStandalone } from "../../support/standalone-process.ts";

const KINDS = [
	"registry",
	"project",
	"robotaccount",
	"retentionpolicy",
	"replicationpolicy",
	"backup",
	"backupschedule",
];

/** A tenant that names every field that it cares for, and none twice. */
const tenant = (name: string, quota = "1Gi"): string => `
apiVersion: limani.dev/v1alpha1
kind: Project
metadata:
  name: ${name}
spec:
  registryRef:
    name: default
  visibility: Internal
  quota:
    storage: ${quota}
  members:
    - kind: User
      name: me
      role: developer
---
apiVersion: limani.dev/v1alpha1
kind: RobotAccount
metadata:
  name: ${name}
spec:
  registryRef:
    name: default
  permissions:
    - project: ${name}
      actions: [pull, push]
`;

describe("kubectl in standalone mode", () => {
	let standalone: StandaloneProcess;
	before(async () => {
		standalone = await startStandalone();
	});
	after(() => standalone[Symbol.asyncDispose]());

	const kubectl = (...args: readonly string[]): Promise<string> => standalone.kubectl(...args);
	const attempt = (...args: readonly string[]) => standalone.attempt("kubectl", ...args);
	const waitFor = (...args: readonly string[]) => kubectl("wait", "--timeout=60s", ...args);
	/** A table without what differs from run to run: ages, and where it listens. */
	const tableOf = (text: string): readonly (readonly string[])[] => {
		const [, port = ""] = standalone.address.split(":");
		const steady = text.replaceAll(port, "5080").replaceAll(String(Number(port) + 1), "5081");
		return steady
			.trimEnd()
			.split("\n")
			.map((line) => line.replace(/\S+$/, (last) => (last === "AGE" ? last : "")).split(/ {2,}/));
	};

	it("shows at a glance what is where and whether it is ready", async () => {
		assert.deepEqual(tableOf(await kubectl("get", "registries")), [
			["NAME", "URL", "REPLICAS", "READY", "STATUS", "AGE"],
			["default", "http://127.0.0.1:5080", "1", "True", "serves at http://127.0.0.1:5080", ""],
			["edge", "http://127.0.0.1:5081", "1", "True", "serves at http://127.0.0.1:5081", ""],
		]);
		assert.deepEqual(tableOf(await kubectl("get", "projects")), [
			["NAME", "REGISTRY", "URL", "VISIBILITY", "READY", "STATUS", "AGE"],
			["demo", "default", "127.0.0.1:5080/demo", "Public", "True", "images go to 127.0.0.1:5080/demo", ""],
			["team", "default", "127.0.0.1:5080/team", "Private", "True", "images go to 127.0.0.1:5080/team", ""],
			["team-copy", "edge", "127.0.0.1:5081/team", "Private", "True", "images go to 127.0.0.1:5081/team", ""],
		]);
		assert.deepEqual(tableOf(await kubectl("get", "robotaccounts")), [
			["NAME", "REGISTRY", "SECRET", "READY", "STATUS", "AGE"],
			["ci", "default", "ci", "True", "its credential is in Secret ci", ""],
			["copier", "edge", "copier", "True", "its credential is in Secret copier", ""],
		]);
		const [wide = []] = tableOf(await kubectl("get", "proj", "-o", "wide"));
		assert.deepEqual(wide, ["NAME", "REGISTRY", "URL", "VISIBILITY", "BYTES", "QUOTA", "READY", "STATUS", "AGE"]);
		const [wider = []] = tableOf(await kubectl("get", "robot", "-o", "wide"));
		assert.deepEqual(wider.slice(3, 6), ["USER", "ROTATION", "EXPIRES"]);
		assert.deepEqual(tableOf(await kubectl("get", "reg", "-o", "wide"))[0]?.slice(3, 5), ["VERSION", "BYTES"]);
		const all = await kubectl("get", "limani", "-A", "-o", "name");
		assert.equal(
			all.match(/^[a-z]+\.limani\.dev\/(default|edge|demo|team|team-copy|ci|copier|tidy|to-edge)$/gm)?.length,
			9,
		);
		assert.equal(await kubectl("get", "all", "-A", "-o", "name"), all);
		assert.match(await kubectl("get", "project", "team", "-o", "yaml"), /^ {2}quota:\n {4}storage: 5Gi$/m);
	});

	it("shows changes as they come", async () => {
		const { write, folder } = standalone;
		write("watched/tenant.yaml", tenant("watched"));
		const env = { PATH: process.env.PATH ?? "", HOME: folder, KUBECONFIG: `${standalone.directory}/kubeconfig` };
		const watching = spawn(findPart("kubectl") ?? "kubectl", ["get", "projects", "-w"], { env });
		let seen = "";
		watching.stdout.on("data", (data: Buffer) => {
			seen += data.toString();
		});
		try {
			await eventually(() => assert.match(seen, /^team /m));
			await kubectl("apply", "-f", `${folder}/watched/tenant.yaml`);
			await eventually(() => assert.match(seen, /^watched .* True .*images go to/m));
		} finally {
			watching.kill();
		}
	});

	it("applies twice, by the client and on the server, and finds no difference", async () => {
		const file = standalone.write("twice.yaml", tenant("twice"));
		assert.equal((await kubectl("apply", "-f", file)).match(/ created$/gm)?.length, 2);
		await waitFor("--for=condition=Ready", "project/twice", "robotaccount/twice");
		assert.equal(await kubectl("diff", "-f", file), "");
		assert.equal((await kubectl("apply", "-f", file)).match(/ unchanged$/gm)?.length, 2);
		const quickStart = await attempt("apply", "-f", `${process.cwd()}/examples/quickstart`);
		assert.equal(quickStart.code, 0, quickStart.stderr);
		assert.equal(await kubectl("diff", "-f", `${process.cwd()}/examples/quickstart`), "");
		for (let round = 0; round < 2; round++) {
			await kubectl("apply", "--server-side", "-f", file);
			assert.equal(await kubectl("diff", "--server-side", "-f", file), "");
		}
		const other = standalone.write("other.yaml", tenant("twice", "2Gi"));
		const refused = await attempt("apply", "--server-side", "--field-manager=somebody", "-f", other);
		assert.match(refused.stderr, /conflict with "kubectl".*: \.spec\.quota\.storage/s);
		await kubectl("apply", "--server-side", "--field-manager=somebody", "--force-conflicts", "-f", other);
		assert.equal(await kubectl("get", "project", "twice", "-o", "jsonpath={.spec.quota.storage}"), "2Gi");
		const managers = "jsonpath={range .metadata.managedFields[*]}{.manager}:{.operation}:{.subresource} {end}";
		const whose = await kubectl("get", "project", "twice", "-o", managers, "--show-managed-fields");
		for (const one of ["kubectl:Apply: ", "somebody:Apply: ", "limani-project:Update:status "])
			assert.ok(whose.includes(one), whose);
	});

	it("takes the examples of every kind, and says of policies what they wait for", async () => {
		for (const name of ["team-a", "registries"]) await kubectl("create", "namespace", name);
		const examples = `${process.cwd()}/examples/kinds`;
		const taken = await kubectl("apply", "--dry-run=server", "-f", examples);
		assert.ok((taken.match(/ created \(server dry run\)$/gm)?.length ?? 0) > 15, taken);
		const policies = ["retention", "replication"].flatMap((kind) =>
			["simple", "complete"].flatMap((flavour) => ["-f", `${examples}/${kind}-policy-${flavour}.yaml`]),
		);
		assert.equal((await kubectl("apply", ...policies)).match(/ created$/gm)?.length, 8);
		const reason = `{.metadata.name}:{.status.conditions[?(@.type=="Ready")].reason}`;
		await eventually(async () => {
			const said = await kubectl("get", "retp,replp", "-A", "-o", `jsonpath={range .items[*]}${reason} {end}`);
			for (const one of ["simple:DependencyNotReady", "platform:NotAllowed", "leftovers:DependencyNotReady"])
				assert.ok(said.includes(one), said);
		});
		await kubectl("delete", "--timeout=60s", ...policies);
	});

	it("edits in an editor", async () => {
		const environment = { KUBE_EDITOR: "sed -i s/5Gi/6Gi/" };
		const edited = await standalone.attemptWith(environment, "kubectl", "edit", "project", "team");
		assert.equal(outputOf("edit", edited), "project.limani.dev/team edited\n");
		assert.equal(await kubectl("get", "project", "team", "-o", "jsonpath={.spec.quota.storage}"), "6Gi");
		const wrong = { KUBE_EDITOR: "sed -i '/^  visibility:/s/Private/Secret/'" };
		const refused = await standalone.attemptWith(wrong, "kubectl", "edit", "project", "team");
		// The editor shows why, and so does the copy that is kept.
		const [, copy = ""] = /stored to "(.+)"/.exec(refused.stderr) ?? [];
		assert.match(readFileSync(copy, "utf8"), /^# .*supported values: "Private", "Internal", "Public"/m);
		await waitFor("--for=condition=Ready", "project/team");
	});

	it("looks again at a resource that is annotated so, and says that it has", async () => {
		const all = [
			"registry/edge",
			"project/team",
			"robotaccount/ci",
			"retentionpolicy/tidy",
			"replicationpolicy/to-edge",
		];
		for (const which of all) {
			await kubectl("annotate", which, "limani.dev/requestedAt=2026-11-22T10:00:00Z", "--overwrite");
			await waitFor("--for=jsonpath={.status.lastHandledRequestedAt}=2026-11-22T10:00:00Z", which);
			await waitFor("--for=condition=Ready", which);
		}
	});

	it("rotates a robot's secret when it is forced to", async () => {
		const read = () => kubectl("get", "secret", "ci", "-o", "jsonpath={.data}");
		const former = await read();
		const now = "2026-11-22T11:00:00Z";
		await kubectl(
			"annotate",
			"robotaccount/ci",
			`limani.dev/requestedAt=${now}`,
			`limani.dev/forceAt=${now}`,
			"--overwrite",
		);
		await waitFor(`--for=jsonpath={.status.lastHandledRequestedAt}=${now}`, "robotaccount/ci");
		await waitFor("--for=condition=Ready", "robotaccount/ci");
		assert.notEqual(await read(), former);
	});

	it("shows when policies run and what became of it, and refuses what contradicts itself", async () => {
		const columnsOf = async (...args: readonly string[]) => tableOf(await kubectl("get", ...args))[0];
		assert.deepEqual(await columnsOf("retp"), [
			...["NAME", "REGISTRY", "SCHEDULE", "LAST RUN", "REMOVED", "NEXT RUN", "READY", "STATUS", "AGE"],
		]);
		assert.deepEqual(await columnsOf("replp", "-o", "wide"), [
			...["NAME", "REGISTRY", "REMOTE", "SCHEDULE", "LAST RUN", "RAN", "IN SYNC", "BEHIND", "DIVERGED", "LAG"],
			...["NEXT RUN", "SUSPENDED", "READY", "STATUS", "AGE"],
		]);
		const [, retention] = tableOf(await kubectl("get", "retp", "tidy"));
		assert.deepEqual(retention?.slice(0, 3), ["tidy", "default", "0 3 * * *"]);
		assert.ok(retention?.includes("in force for 1 project"));
		const [, replication] = tableOf(await kubectl("get", "replp", "to-edge", "-o", "wide"));
		assert.deepEqual(replication?.slice(0, 4), ["to-edge", "default", "http://127.0.0.1:5081", "0 * * * *"]);
		const refused = async (which: string, spec: object) =>
			(await attempt("patch", which, "--type=merge", "-p", JSON.stringify({ spec }))).stderr;
		const url = "http://127.0.0.1:5081";
		assert.match(await refused("replp/to-edge", { source: { url } }), /expected exactly one of source, destination/);
		assert.match(await refused("replp/to-edge", { trigger: { schedule: "@daily" } }), /spec\.trigger\.schedule/);
		assert.match(await refused("retp/tidy", { projectNames: {} }), /expected exactly one of projectRefs, projectNames/);
		assert.match(
			await refused("retp/tidy", { rules: [{ name: "a", keep: {} }] }),
			/expected at least one of latestPushed/,
		);
	});

	it("explains every kind, down to the last field", async () => {
		for (const kind of KINDS) {
			assert.match(
				await kubectl("explain", kind),
				/^DESCRIPTION:\n {4}\S.*^ {2}spec\t<Object>.*^ {2}status\t<Object>/ms,
			);
			const spec = await kubectl("explain", `${kind}.spec`);
			// Every field has a line of its own and, below it, what it means.
			const [, fields = ""] = spec.split("FIELDS:\n");
			for (const field of fields.split(/\n(?= {2}\w+\t)/)) assert.match(field, /^ {2}\w+\t<\S+>.*\n.* {4}\w/s);
			// A Backup is made once, and cannot be suspended.
			const field = kind === "backup" ? /^ {4}registryRef\t<Object> -required-$/m : /^ {4}suspend\t<boolean>$/m;
			assert.match(await kubectl("explain", kind, "--recursive"), field);
		}
		assert.match(await kubectl("explain", "project.spec.members.role"), /^ENUM:\n {4}admin$/m);
		assert.match(await kubectl("explain", "retp.spec.rules.keep.latestPushed"), /pushed last/);
		assert.match(await kubectl("explain", "replp.spec.destination.robotAccountRef"), /its rotations are\s+followed/);
	});

	it("describes with the events that tell what happened", async () => {
		assert.match(await kubectl("describe", "registry", "default"), /Normal +Succeeded .*serves at http/);
		assert.match(await kubectl("describe", "project", "demo"), /Normal +Succeeded .*images go to/);
		assert.match(await kubectl("describe", "robotaccount", "ci"), /Normal +CredentialIssued .*first credential/);
		assert.match(await kubectl("events", "--for=robotaccount/ci"), /CredentialIssued/);
		const policy = await kubectl("describe", "replicationpolicy", "to-edge");
		assert.match(policy, /Normal +Succeeded .*in force for 1 project/);
		assert.match(policy, /Type: +Healthy$/m);
		assert.match(await kubectl("describe", "retentionpolicy", "tidy"), /Normal +Succeeded .*in force for 1 project/);
	});

	it("stops a registry and starts it again with what was pushed, and refuses a second process", async () => {
		const credential = await credentialFile(standalone, "ci");
		const layout = makeLayout(standalone.folder);
		outputOf("push", await push(standalone, layout, "demo/kept:1", credential));
		await kubectl("scale", "registry", "default", "--replicas=0");
		await waitFor("--for=jsonpath={.status.replicas}=0", "registry/default");
		assert.notEqual((await pull(standalone, "demo/kept:1", credential)).code, 0);
		assert.match(await kubectl("get", "registry", "default"), /nothing serves, as spec\.replicas is 0/);
		await kubectl("scale", "registry", "default", "--replicas=1");
		await waitFor("--for=condition=Ready", "registry/default");
		outputOf("pull", await pull(standalone, "demo/kept:1", credential));
		const second = await attempt("scale", "registry", "default", "--replicas=2");
		assert.notEqual(second.code, 0);
		assert.match(
			second.stderr,
			/more than one replica needs database\.postgres \(or cloudNativePG\) and object storage \(s3, gcs or azure\): a second process must not open the embedded database/,
		);
		assert.equal(await kubectl("get", "registry", "default", "-o", "jsonpath={.spec.replicas}"), "1");
	});
});
