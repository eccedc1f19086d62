import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { WIDGET_CRD, widget } from "../../support/embedded-api.ts";
import { type KubectlBench, openKubectlBench } from "../../support/kubectl-bench.ts";

describe("kubectl on the embedded API", () => {
	let bench: KubectlBench;
	before(async () => {
		bench = await openKubectlBench();
		await bench.kubectl("apply", "-f", bench.write("crd.json", JSON.stringify(WIDGET_CRD)));
		await bench.kubectl("wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=20s");
	});
	after(() => bench[Symbol.asyncDispose]());

	const file = (name: string, ...objects: readonly unknown[]): string =>
		bench.write(`${name}.json`, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
	const rows = (text: string): string[][] =>
		text
			.trimEnd()
			.split("\n")
			.map((line) => line.split(/\s{2,}/));

	it("finds what is served, and nothing else", async () => {
		const resources = await bench.kubectl("api-resources", "--no-headers");
		for (const name of ["configmaps", "secrets", "namespaces", "events", "leases", "widgets"])
			assert.match(resources, new RegExp(`^${name} `, "m"));
		assert.doesNotMatch(resources, /pods|roles/);
		assert.match(await bench.kubectl("version"), /Server Version: v1\.\d+/);
		const pods = await bench.attempt("get", "pods");
		assert.match(pods.stderr, /doesn't have a resource type "pods"/);
	});

	it("applies built-in kinds and custom ones, and says when nothing changed", async () => {
		const objects = [
			{ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } },
			{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", namespace: "team" }, data: { a: "1", b: "2" } },
			{ apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "team" }, data: { a: "aGk=" } },
			{ ...widget("one"), metadata: { name: "one", namespace: "team", labels: { app: "x" } } },
		];
		const path = file("all", ...objects);
		const made = await bench.kubectl("apply", "-f", path);
		assert.deepEqual(made.trim().split("\n"), [
			"namespace/team created",
			"configmap/c created",
			"secret/s created",
			"widget.example.com/one created",
		]);
		assert.equal((await bench.kubectl("apply", "-f", path)).match(/ unchanged$/gm)?.length, 4);
		const changed = { ...objects[1], data: { a: "1", c: "3" } };
		assert.equal(await bench.kubectl("apply", "-f", file("changed", changed)), "configmap/c configured\n");
		assert.equal(await bench.kubectl("get", "cm", "c", "-n", "team", "-o", "jsonpath={.data}"), '{"a":"1","c":"3"}');
		assert.match(await bench.kubectl("get", "secret", "s", "-n", "team", "-o", "yaml"), /^ {2}a: aGk=$/m);
		const difference = await bench.attempt("diff", "-f", file("differs", { ...objects[1], data: { a: "9" } }));
		assert.equal(difference.code, 1);
		assert.match(difference.stdout, /^\+ {2}a: "9"$/m);
	});

	it("shows tables with the columns of the definition", async () => {
		await bench.kubectl("apply", "-f", file("shown", widget("shown", { color: "green", replicas: 2 })));
		const table = rows(await bench.kubectl("get", "wd", "shown"));
		assert.deepEqual(table[0], ["NAME", "COLOR", "READY", "AGE"]);
		assert.deepEqual(table[1]?.slice(0, 2), ["shown", "green"]);
		const wide = rows(await bench.kubectl("get", "widgets.v1.example.com", "-o", "wide"));
		assert.deepEqual(wide[0], ["NAME", "COLOR", "READY", "REPLICAS", "AGE"]);
		assert.match(await bench.kubectl("get", "all", "-A"), /^default +shown +green/m);
		assert.match(
			await bench.kubectl("get", "wd", "--field-selector", "spec.color=green", "-o", "name"),
			/^widget\.example\.com\/shown\n$/,
		);
		assert.deepEqual(rows(await bench.kubectl("get", "ns"))[0], ["NAME", "STATUS", "AGE"]);
		assert.match(await bench.kubectl("get", "wd", "--sort-by=.metadata.name", "-o", "name"), /shown/);
	});

	it("refuses what breaks the rules, in words that help", async () => {
		const pink = await bench.attempt("apply", "-f", file("pink", widget("pink", { color: "pink" })));
		assert.notEqual(pink.code, 0);
		assert.match(
			pink.stderr,
			/The Widget "pink" is invalid: .*spec\.color: Unsupported value: "pink": supported values: "red", "green", "blue"/s,
		);
		const odd = await bench.attempt("apply", "-f", file("odd", widget("odd", { color: "red", odd: 1 })));
		assert.match(odd.stderr, /strict decoding error: unknown field "spec\.odd"/);
		await bench.kubectl("apply", "-f", file("fixed", widget("fixed")));
		const recoloured = await bench.attempt("patch", "wd", "fixed", "--type=merge", "-p", '{"spec":{"color":"blue"}}');
		assert.match(recoloured.stderr, /color is immutable/);
		assert.match(
			(await bench.attempt("get", "wd", "nobody")).stderr,
			/Error from server \(NotFound\): widgets\.example\.com "nobody" not found/,
		);
	});

	it("explains every field", async () => {
		assert.match(await bench.kubectl("explain", "widget"), /A thing to play with\./);
		assert.match(await bench.kubectl("explain", "widget.spec.color"), /FIELD: color <string>.*Its color\./s);
		assert.match(await bench.kubectl("explain", "secret.data"), /FIELD: data <map\[string\]string>/);
		assert.match(await bench.kubectl("explain", "configmap", "--recursive"), /ownerReferences/);
	});

	it("labels, annotates, edits, replaces and describes", async () => {
		const path = file("handled", widget("handled"));
		await bench.kubectl("create", "-f", path);
		assert.match(
			(await bench.attempt("create", "-f", path)).stderr,
			/\(AlreadyExists\).*widgets\.example\.com "handled" already exists/,
		);
		await bench.kubectl("label", "wd", "handled", "x=y");
		await bench.kubectl("annotate", "wd", "handled", "q=z");
		await bench.kubectl(
			"patch",
			"wd",
			"handled",
			"--type=json",
			"-p",
			'[{"op":"add","path":"/spec/shape","value":"flat"}]',
		);
		await bench.kubectl("patch", "cm", "c", "-n", "team", "-p", '{"data":{"strategic":"yes"}}');
		const described = await bench.kubectl("describe", "wd", "handled");
		assert.match(described, /Labels:\s+x=y/);
		assert.match(described, /Shape:\s+flat/);
		assert.match(described, /Events:\s+<none>/);
		await bench.kubectl("edit", "wd", "handled");
		assert.equal(await bench.kubectl("get", "wd", "handled", "-o", "jsonpath={.spec.shape}"), "edited");
		await bench.kubectl(
			"patch",
			"wd",
			"handled",
			"--subresource=status",
			"--type=merge",
			"-p",
			'{"status":{"conditions":[{"type":"Ready","status":"True"}]}}',
		);
		await bench.kubectl("wait", "--for=condition=Ready", "wd/handled", "--timeout=20s");
		await bench.kubectl("wait", "--for=jsonpath={.spec.shape}=edited", "wd/handled", "--timeout=20s");
		await bench.kubectl("replace", "-f", file("replaced", widget("handled", { color: "red", shape: "round" })));
		assert.equal(
			await bench.kubectl("get", "wd", "handled", "-o", "jsonpath={.spec.shape}{.metadata.generation}"),
			"round4",
		);
	});

	it("shows events with the objects that they are about", async () => {
		const uid = await bench.kubectl("get", "wd", "handled", "-o", "jsonpath={.metadata.uid}");
		const event = {
			apiVersion: "events.k8s.io/v1",
			kind: "Event",
			metadata: { name: "handled.1", namespace: "default" },
			eventTime: new Date().toISOString().replace("Z", "000Z"),
			reportingController: "example.com/toys",
			reportingInstance: "toys-0",
			action: "Handle",
			reason: "Handled",
			note: "somebody played with it",
			type: "Normal",
			regarding: { apiVersion: "example.com/v1", kind: "Widget", namespace: "default", name: "handled", uid },
		};
		await bench.kubectl("create", "-f", file("event", event));
		assert.match(
			await bench.kubectl("describe", "wd", "handled"),
			/Normal\s+Handled\s+\S+\s+example\.com\/toys\S*\s+somebody played with it/,
		);
		assert.match(await bench.kubectl("get", "events"), /Normal\s+Handled\s+widget\/handled\s+somebody played with it/);
		assert.match(await bench.kubectl("events", "--for=widget/handled"), /somebody played with it/);
	});

	it("scales through the subresource", async () => {
		await bench.kubectl("apply", "-f", file("scaled", widget("scaled", { color: "blue" })));
		await bench.kubectl("scale", "wd/scaled", "--replicas=2");
		assert.equal(await bench.kubectl("get", "wd", "scaled", "-o", "jsonpath={.spec.replicas}"), "2");
		assert.match((await bench.attempt("scale", "wd/scaled", "--replicas=3")).stderr, /at most two blue ones/);
		const stale = await bench.attempt("scale", "wd/scaled", "--replicas=1", "--current-replicas=7");
		assert.notEqual(stale.code, 0);
	});

	it("applies on the server, tells whose fields they are, and lets force decide", async () => {
		const apply = (name: string, shape: string, ...more: string[]) =>
			bench.attempt(
				"apply",
				"--server-side",
				`--field-manager=${name}`,
				...more,
				"-f",
				file("owned", widget("owned", { color: "red", shape })),
			);
		assert.match((await apply("one", "flat")).stdout, /serverside-applied/);
		const refused = await apply("two", "round");
		assert.match(refused.stderr, /conflict with "one": \.spec\.shape/);
		assert.equal((await apply("two", "round", "--force-conflicts")).code, 0);
		const managers = await bench.kubectl(
			"get",
			"wd",
			"owned",
			"--show-managed-fields",
			"-o",
			"jsonpath={.metadata.managedFields[*].manager}",
		);
		assert.deepEqual(managers.split(" ").toSorted(), ["one", "two"]);
		assert.match(
			await bench.kubectl("apply", "--dry-run=server", "-f", file("dry", widget("dry"))),
			/created \(server dry run\)/,
		);
		assert.match((await bench.attempt("get", "wd", "dry")).stderr, /NotFound/);
	});

	it("watches", async () => {
		await bench.kubectl("apply", "-f", file("watched", widget("watched")));
		const lines = await bench.follow(
			3,
			async () => {
				await bench.kubectl("label", "wd", "watched", "seen=yes");
			},
			...["get", "wd", "watched", "-w"],
		);
		assert.match(lines[0] ?? "", /^NAME +COLOR +READY +AGE$/);
		assert.match(lines[2] ?? "", /^watched +red/);
		const deleted = await bench.follow(
			2,
			async () => {
				await bench.kubectl("delete", "wd", "watched");
			},
			...["get", "wd", "watched", "-w", "--output-watch-events", "-o", "name"],
		);
		assert.deepEqual(deleted.length, 2);
	});

	it("creates by its generators, and tokens for service accounts", async () => {
		await bench.kubectl("create", "configmap", "generated", "--from-literal=a=b");
		await bench.kubectl(
			"create",
			"secret",
			"docker-registry",
			"pull",
			"--docker-server=localhost:5080",
			"--docker-username=u",
			"--docker-password=p",
		);
		assert.equal(
			await bench.kubectl("get", "secret", "pull", "-o", "jsonpath={.type}"),
			"kubernetes.io/dockerconfigjson",
		);
		await bench.kubectl("create", "serviceaccount", "robot");
		const token = await bench.kubectl("create", "token", "robot", "--audience=limani", "--duration=15m");
		assert.equal(token.trim().split(".").length, 3);
	});

	it("deletes, and waits until what is in a namespace is gone", async () => {
		await bench.kubectl("delete", "wd", "--all", "-n", "default");
		assert.match((await bench.attempt("get", "wd")).stderr, /No resources found in default namespace/);
		await bench.kubectl("delete", "ns", "team", "--timeout=20s");
		assert.match((await bench.attempt("get", "ns", "team")).stderr, /NotFound/);
		await bench.kubectl("delete", "crd", "widgets.example.com", "--timeout=20s");
		assert.match(
			(await bench.attempt("get", "wd")).stderr,
			/could not find the requested resource|doesn't have a resource type "wd"/,
		);
	});
});
