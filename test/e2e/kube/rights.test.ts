import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { after, before, describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import winston from "winston";
import { parse } from "yaml";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { openOperator } from "#/app/operator/open-operator.ts";
import { readOperatorOptions } from "#/app/operator/operator-options.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { listAt, textAt } from "#/kube-embedded/json.ts";
import { chartPath, environmentOf, renderChart, valueArguments } from "../../support/chart/render.ts";
import { toolsFor } from "../../support/chart/tools.ts";
import { freePort } from "../../support/free-ports.ts";
import { openKubePlane, skipWithoutKube } from "../../support/kube-plane.ts";
import { eventually } from "../../support/operator-world.ts";

const INSIDE = ["--namespace", "limani-system"];
const ACCOUNT = "system:serviceaccount:limani-system:limani";
/** The machine may be busy. */
const PATIENCE_MS = 180_000;

const registry = (namespace: string, name: string): string => `
apiVersion: limani.dev/v1alpha1
kind: Registry
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  storage:
    filesystem:
      size: 1Gi
  backup:
    archive:
      filesystem:
        size: 2Gi
`;

const VOLUME = `
apiVersion: v1
kind: PersistentVolume
metadata:
  name: by-hand
spec:
  storageClassName: by-hand
  capacity:
    storage: 1Gi
  accessModes: [ReadWriteOncePod]
  persistentVolumeReclaimPolicy: Retain
  hostPath:
    path: /nowhere
`;

// With nothing but the token of the chart's ServiceAccount: its roles and its policies are the API server's to enforce.
describe("The operator with the chart's rights alone, on a real API server", { skip: skipWithoutKube() }, () => {
	let stack: AsyncDisposableStack;
	let tools: ReturnType<typeof toolsFor>;
	let home: string;
	const lines: string[] = [];

	before(async () => {
		stack = new AsyncDisposableStack();
		home = mkdtempSync(join(tmpdir(), "limani-rights-"));
		stack.defer(() => rmSync(home, { recursive: true, force: true }));
		const { kubeconfig } = stack.use(await openKubePlane({ controllers: true }));
		tools = toolsFor(kubeconfig, home);
		await tools.kubectl("create", "namespace", "limani-system");
		await tools.kubectl("label", "namespace", "limani-system", "pod-security.kubernetes.io/enforce=restricted");
		await tools.helm("install", "limani", chartPath("limani"), ...INSIDE, ...valueArguments({}));
		await tools.kubectl("create", "namespace", "team-a");
		const token = (await tools.kubectl("create", "token", "limani", ...INSIDE, "--duration=1h")).trim();
		const [found] = listAt(parse(readFileSync(kubeconfig, "utf8")), "clusters");
		const url = textAt(found, "cluster", "server") ?? assert.fail();
		const ca = Buffer.from(textAt(found, "cluster", "certificate-authority-data") ?? "", "base64").toString();
		const options = readOperatorOptions([], environmentOf(await renderChart())) ?? assert.fail();
		const listen = `127.0.0.1:${await freePort()}`;
		const stream = new Writable({
			write: (chunk, _encoding, done) => {
				lines.push(String(chunk));
				done();
			},
		});
		const logger = winston.createLogger({
			format: winston.format.json(),
			transports: [new winston.transports.Stream({ stream })],
		});
		const connection = plainConnection({ url, ca, token });
		stack.use(await openOperator({ ...options, listen }, { connection, logger, podName: "pod-1" }));
	});
	after(() => stack.disposeAsync());

	const apply = async (namespace: string, name: string) => {
		writeFileSync(join(home, `${name}.yaml`), registry(namespace, name));
		await tools.kubectl("apply", "-f", `${name}.yaml`);
	};
	const succeeds = (...args: readonly string[]) =>
		eventually(async () => {
			const { code, stderr } = await tools.attemptKubectl(...args);
			return code === 0 ? [] : [`${args.join(" ")}: ${stderr}`];
		}, PATIENCE_MS);

	it("makes what a Registry asks for, where it may have Secrets", async () => {
		await apply("limani-system", "app");
		const made = ["statefulset/app-registry", "service/app-registry", "networkpolicy/app-registry", "pvc/app-backup"];
		for (const object of made) await succeeds("get", object, ...INSIDE);
		await succeeds("get", "secret", "app-registry-control", "app-registry-master-key", ...INSIDE);
		const holder = await tools.kubectl("get", "lease", "limani", ...INSIDE, "-o", "jsonpath={.spec.holderIdentity}");
		assert.match(holder, /^pod-1_/);
	});

	it("and its registries have pods that the restricted profile of Pod Security lets in", async () => {
		const pods = (what: string) =>
			tools.kubectl("get", "pods", ...INSIDE, "-l", `app.kubernetes.io/${what}`, "-o", "name");
		await eventually(async () => {
			const operators = (await pods("component=operator")).match(/pod\//g)?.length ?? 0;
			const registries = (await pods("component=registry")).match(/pod\//g)?.length ?? 0;
			return operators === 2 && registries === 1
				? []
				: [`${operators} pods of the operator, ${registries} of a registry`];
		}, PATIENCE_MS);
		// That such a namespace lets in nothing less.
		const { code, stderr } = await tools.attemptKubectl("run", "lax", ...INSIDE, "--image=registry.example/lax:1");
		assert.notEqual(code, 0);
		assert.match(stderr, /violates PodSecurity "restricted/);
	});

	it("mounts the volume of a storage class when it is there, and waits for none that is not", async () => {
		const spec = { storageClasses: [{ name: "own", filesystem: { size: "1Gi", storageClassName: "by-hand" } }] };
		await tools.kubectl("patch", "registry", "app", ...INSIDE, "--type=merge", "-p", JSON.stringify({ spec }));
		const reason = 'jsonpath={.status.conditions[?(@.type=="Ready")].message}';
		await eventually(async () => {
			const message = await tools.kubectl("get", "registry", "app", ...INSIDE, "-o", reason);
			return /app-class-own has no volume: there is no StorageClass by-hand/.test(message) ? [] : [message];
		}, PATIENCE_MS);
		const claims = () =>
			tools.kubectl(
				...["get", "statefulset", "app-registry", ...INSIDE, "-o", "jsonpath={.spec.template.spec.volumes}"],
			);
		assert.doesNotMatch(await claims(), /app-class-own/);
		writeFileSync(join(home, "volume.yaml"), VOLUME);
		await tools.kubectl("apply", "-f", "volume.yaml");
		await succeeds("wait", "pvc/app-class-own", ...INSIDE, "--for=jsonpath={.status.phase}=Bound", "--timeout=90s");
		await eventually(async () => {
			const mounted = await claims();
			return mounted.includes("app-class-own") ? [] : [mounted];
		}, PATIENCE_MS);
	});

	it("says of a Registry what is forbidden where it may have none, and lets it go", async () => {
		await apply("team-a", "out");
		const forbidden = `jsonpath={.status.conditions[?(@.type=="Ready")].message}`;
		await eventually(async () => {
			const message = await tools.kubectl("get", "registry", "out", "-n", "team-a", "-o", forbidden);
			return /secrets .* is forbidden: User "system:serviceaccount:limani-system:limani"/.test(message)
				? []
				: [message];
		}, PATIENCE_MS);
		await tools.kubectl("delete", "registry", "out", "-n", "team-a", "--timeout=90s");
	});

	it("says of a Registry that what makes its database is not installed", async () => {
		const made = ["storage: {s3: {bucket: images}}", "database: {cloudNativePG: {}}"].map((line) => `  ${line}\n`);
		const [head = ""] = registry("limani-system", "based").split("spec:");
		writeFileSync(join(home, "based.yaml"), `${head}spec:\n${made.join("")}`);
		await tools.kubectl("apply", "-f", "based.yaml");
		const wait = ["wait", "registry", "based", ...INSIDE, "--timeout=90s"];
		await succeeds(...wait, `--for=jsonpath={.status.conditions[?(@.type=="Ready")].reason}=CloudNativePGMissing`);
		await tools.kubectl("delete", "registry", "based", ...INSIDE, "--timeout=90s");
	});

	it("takes a Registry away, with its volumes where it says so, and never its backups", async () => {
		const all = JSON.stringify({ spec: { deletionPolicy: "Delete" } });
		await tools.kubectl("patch", "registry", "app", ...INSIDE, "--type=merge", "-p", all);
		await tools.kubectl("delete", "registry", "app", ...INSIDE, "--timeout=90s");
		await eventually(async () => {
			const left = await tools.kubectl("get", "statefulset,service,ingress", ...INSIDE, "-o", "name");
			return left.includes("app-registry") ? [left] : [];
		}, PATIENCE_MS);
		await succeeds("wait", "pvc/app-class-own", ...INSIDE, "--for=delete", "--timeout=90s");
		await tools.kubectl("get", "pvc", "app-backup", ...INSIDE);
	});

	it("was forbidden nothing else", () => {
		assert.ok(lines.some((line) => line.includes('"reconcile"')));
		const forbidden = lines.filter((line) => /forbidden/i.test(line));
		for (const line of forbidden) assert.match(line, /in the namespace \\*"team-a\\*"/);
	});

	it("comes with rights for people: who may view, edit or administrate a namespace may do so with each kind", async () => {
		const people = { vera: "view", edith: "edit", adam: "admin" };
		for (const [name, role] of Object.entries(people)) {
			await tools.kubectl("create", "rolebinding", name, "-n", "team-a", `--clusterrole=${role}`, `--user=${name}`);
		}
		const may = async (name: string, verb: string, resource: string) => {
			const asked = ["auth", "can-i", verb, resource, "-n", "team-a", "--as", name];
			return (await tools.attemptKubectl(...asked)).stdout.trim() === "yes";
		};
		for (const { plural, group } of ALL_KINDS) {
			const resource = `${plural}.${group}`;
			const rights = async () => ({
				viewer: [await may("vera", "watch", resource), await may("vera", "patch", resource)],
				editor: [await may("edith", "patch", resource), await may("edith", "deletecollection", resource)],
				administrator: [await may("adam", "create", resource), await may("adam", "deletecollection", resource)],
			});
			const wanted = { viewer: [true, false], editor: [true, false], administrator: [true, true] };
			// A controller of the cluster puts them together.
			await eventually(async () => {
				const found = await rights();
				return isDeepStrictEqual(found, wanted) ? [] : [`${resource}: ${JSON.stringify(found)}`];
			}, PATIENCE_MS);
		}
	});

	it("may not do what it does not do", async () => {
		const may = async (...what: readonly string[]) =>
			(await tools.attemptKubectl("auth", "can-i", ...what, "--as", ACCOUNT)).stdout.trim();
		assert.equal(await may("get", "secrets", ...INSIDE), "yes");
		assert.equal(await may("get", "secrets", "-n", "team-a"), "no");
		assert.equal(await may("list", "secrets", "--all-namespaces"), "no");
		assert.equal(await may("create", "pods", ...INSIDE), "no");
		assert.equal(await may("update", "registries.limani.dev", ...INSIDE), "no");
		assert.equal(await may("update", "lease/other", ...INSIDE), "no");
		assert.equal(await may("*", "*"), "no");
	});
});
