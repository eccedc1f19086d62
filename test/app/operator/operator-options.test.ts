import assert from "node:assert/strict";
import { test } from "node:test";
import { readOperatorOptions } from "#/app/operator/operator-options.ts";

test("Options come from the command line, then from the environment, then from defaults", () => {
	assert.deepEqual(readOperatorOptions(["--image", "limani:1"], {}), {
		image: "limani:1",
		namespaces: [],
		secretNamespaces: [],
		lease: undefined,
		podLabels: { "app.kubernetes.io/name": "limani-operator" },
		listen: "127.0.0.1:9090",
		kubeconfig: undefined,
		logLevel: "info",
	});
	const environment = {
		LIMANI_OPERATOR_IMAGE: "limani:2",
		LIMANI_OPERATOR_NAMESPACES: "team-a, team-b,",
		LIMANI_OPERATOR_SECRET_NAMESPACES: "team-a,robots",
		LIMANI_OPERATOR_LEASE: "limani/one",
		LIMANI_OPERATOR_POD_LABELS: "app=limani,part=operator",
		LIMANI_OPERATOR_LISTEN: "0.0.0.0:8080",
		LIMANI_OPERATOR_LOG: "debug",
		KUBECONFIG: "/somewhere",
	};
	assert.deepEqual(readOperatorOptions([], environment), {
		image: "limani:2",
		namespaces: ["team-a", "team-b"],
		secretNamespaces: ["team-a", "robots"],
		lease: { namespace: "limani", name: "one" },
		podLabels: { app: "limani", part: "operator" },
		listen: "0.0.0.0:8080",
		kubeconfig: { path: "/somewhere", context: undefined },
		logLevel: "debug",
	});
	const args = ["--image=x", "--namespace=a", "--namespace=b", "--kubeconfig=f", "--context=c", "--log=warn"];
	const { image, namespaces, kubeconfig, logLevel } = readOperatorOptions(args, environment) ?? assert.fail();
	assert.deepEqual([image, namespaces, logLevel], ["x", ["a", "b"], "warn"]);
	assert.deepEqual(kubeconfig, { path: "f", context: "c" });
	assert.equal(readOperatorOptions(["--help"], {}), undefined);
});

test("What makes no sense is refused with what was expected", () => {
	const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
		[[], /--image: got none: expected/],
		[["--image=x", "--lease=one"], /--lease: got one: expected NAMESPACE\/NAME/],
		[["--image=x", "--listen=9090"], /--listen: got 9090: expected HOST:PORT/],
		[["--image=x", "--listen=a:70000"], /--listen: got a:70000/],
		[["--image=x", "--pod-labels=,"], /--pod-labels: got none: expected at least one/],
		[["--image=x", "--pod-labels=app"], /--pod-labels: got app: expected LABEL=VALUE/],
		[["--image=x", "--log=loud"], /--log: got loud: expected error, warn, info, debug/],
		[["--image=x", "--nonsense"], /see limani operator --help/],
	];
	for (const [args, message] of cases) assert.throws(() => readOperatorOptions(args, {}), message);
});
