// Two processes of the operator, whose clocks are an hour slow and an hour fast, through all that may happen to an API
// server and the way there. One stage stands on another: what there is at the end has been through all of it.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { registryKind } from "#/api/kinds/registry.ts";
import { applyDefinitions } from "#/app/standalone/apply-definitions.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import {
	apiVersionOf,
	CUSTOM_RESOURCE_DEFINITIONS,
	EVENTS,
	LEASES,
	type ResourceType,
	SERVICES,
	STATEFUL_SETS,
} from "#/kube/resource-type.ts";
import { kubeconfigConnection } from "#/kube/rest/kubeconfig-connection.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import type { Faults } from "#/kube-embedded/faults.ts";
import { fieldAt, listAt, textAt } from "#/kube-embedded/json.ts";
import { OWNED_TYPES } from "#/operator/registry/cluster/owned-types.ts";
import { eventually } from "../../support/eventually.ts";
import { type KubeBench, openKubeBench } from "../../support/kube-bench.ts";
import { KubeFront } from "../../support/kube-front.ts";
import { type OwnPlane, skipWithoutKube } from "../../support/kube-plane.ts";
import { OperatorPod } from "../../support/operator-process.ts";
import { SwallowingProxy } from "../../support/swallowing-proxy.ts";
import { unservedKinds } from "../../support/unserved-kinds.ts";
import { writeKubeconfig } from "../../support/write-kubeconfig.ts";

const NAMESPACE = "default";
const LEASE = { namespace: NAMESPACE, name: "operator" };
const HOUR = 3_600_000;
/** The machine may be busy, and operators wait between tries. */
const LONG = 180_000;
/** How long the API server is away: longer than a lease, and than each time-out of a call or a connection. */
const OUTAGE_MS = 60_000;
const soon = (): AbortSignal => AbortSignal.timeout(60_000);

suite("Faults between an operator and a real API server", { skip: skipWithoutKube() }, () => {
	const stack = new AsyncDisposableStack();
	const operators: OperatorPod[] = [];
	/** What befalls requests that go through the front. */
	let faults: Faults = {};
	let bench: KubeBench;
	let own: OwnPlane | undefined;
	let proxy: SwallowingProxy;
	let front: KubeFront;
	let start: (podName: string, clockShiftMs: number) => Promise<OperatorPod>;

	before(async () => {
		bench = stack.use(await openKubeBench({ controllers: true }));
		own = bench.plane.own;
		if (own === undefined) return;
		await applyDefinitions(bench.client, soon());
		await eventually(async () => assert.deepEqual(await unservedKinds(bench.client), []));
		await bench.kubectl("create", "serviceaccount", "operator");
		await bench.kubectl(
			"create",
			"clusterrolebinding",
			"operator",
			"--clusterrole=cluster-admin",
			`--serviceaccount=${NAMESPACE}:operator`,
		);
		const token = (await bench.kubectl("create", "token", "operator", "--duration=2h")).trim();
		const administrator = await kubeconfigConnection({ path: bench.plane.kubeconfig });
		front = stack.use(await KubeFront.open(administrator, { request: (one) => faults.request?.(one) }));
		proxy = stack.use(await SwallowingProxy.open(own.port));
		const { ca } = await administrator.tls();
		const url = `https://127.0.0.1:${proxy.port}`;
		const kubeconfig = bench.write("operator.conf", "");
		await writeKubeconfig(plainConnection({ url, ca: `${String(ca)}\n${front.ca}`, token }), kubeconfig, NAMESPACE);
		start = async (podName, clockShiftMs) => {
			const lease = `${LEASE.namespace}/${LEASE.name}`;
			const operator = stack.use(await OperatorPod.start({ podName, kubeconfig, lease, clockShiftMs }));
			operators.push(operator);
			return operator;
		};
	});
	after(() => stack.disposeAsync());

	/** A test of a server that is ours to hurt. */
	const it = (name: string, run: (plane: OwnPlane) => Promise<void>) =>
		test(name, async (t) => (own === undefined ? t.skip("the cluster is not ours to hurt") : await run(own)));

	const find = (type: ResourceType, name: string) => bench.client.find(type, { namespace: NAMESPACE, name }, soon());
	const create = (name: string, spec: object = {}) => {
		const metadata = { namespace: NAMESPACE, name };
		const object = { apiVersion: apiVersionOf(registryKind), kind: registryKind.kind, metadata, spec };
		return bench.client.create(registryKind, object, { fieldManager: "a person" }, soon());
	};
	const leaseSpec = async () => (await find(LEASES, LEASE.name))?.spec;
	const holder = async () => (textAt(await leaseSpec(), "holderIdentity") ?? "").split("_")[0];
	const handOvers = async () => Number(fieldAt(await leaseSpec(), ["leaseTransitions"]));
	/** What a Registry is made of, by kind and name. */
	const madeOf = async (name: string): Promise<ReadonlyMap<string, KubeObject>> => {
		const select = { namespace: NAMESPACE, labelSelector: `app.kubernetes.io/instance=${name}`, limit: 500 };
		const lists = await Promise.all(OWNED_TYPES.map((type) => bench.client.list(type, select, soon())));
		return new Map(
			lists.flatMap(({ items }) => items).map((object) => [`${object.kind} ${object.metadata.name}`, object]),
		);
	};
	const uidsOf = (objects: ReadonlyMap<string, KubeObject>) =>
		Object.fromEntries([...objects].map(([key, { metadata }]) => [key, metadata.uid]));
	/** Waits until a Registry is made, as far as it can be without nodes, and said to be so of its present generation. */
	const isDone = (name: string) =>
		eventually(async () => {
			assert.ok(await find(STATEFUL_SETS, `${name}-registry`), `${name} has no StatefulSet`);
			const registry = await find(registryKind, name);
			const ready = findCondition(registry === undefined ? [] : conditionsOf(registry), "Ready");
			assert.equal(ready?.observedGeneration, registry?.metadata.generation, `${name} is not told of`);
		}, LONG);
	/** Waits until nothing changes any more, which it does in some seconds when nobody works in a circle. */
	const isAtRest = async (name: string): Promise<void> => {
		const versions = async () => {
			const objects = [await find(registryKind, name), ...(await madeOf(name)).values()];
			return objects.map((object) => object?.metadata.resourceVersion);
		};
		let before = await versions();
		await eventually(async () => {
			await sleep(4_000);
			const last = before;
			before = await versions();
			assert.deepEqual(before, last, `${name} changes all the time`);
		}, LONG);
	};
	const all = (): readonly OperatorPod[] => operators.filter(({ runs }) => runs);
	/** What each of them says from now on. */
	const listen = () => {
		const heard = all().map((operator) => ({ operator, from: operator.said.length }));
		return () => heard.map(({ operator, from }) => operator.said.slice(from));
	};
	/** Waits until all are ready, and one of them leads, the one that the lease names. */
	const areReady = () =>
		eventually(async () => {
			const leading: string[] = [];
			for (const operator of all()) {
				assert.equal((await operator.page("readyz")).status, 200, `${operator.podName} is not ready`);
				const { text } = await operator.page("metrics");
				if (/^leader_election_master_status\{[^}]*\} 1$/m.test(text)) leading.push(operator.podName);
			}
			assert.deepEqual(leading, [await holder()]);
		}, LONG);
	const live = () =>
		eventually(async () => {
			for (const operator of all()) assert.equal((await operator.page("livez")).status, 200);
		}, LONG);

	it("clocks an hour slow and an hour fast: one leads, hands over when killed, and nothing is made anew", async () => {
		const slow = await start("slow", -HOUR);
		await eventually(async () => assert.equal(await holder(), "slow"), LONG);
		const transitions = await handOvers();
		const fast = await start("fast", HOUR);
		await create("app");
		await isDone("app");
		await areReady();
		assert.doesNotMatch(fast.said, /"message":"leading"/);
		await isAtRest("app");
		const made = uidsOf(await madeOf("app"));
		assert.ok(Object.keys(made).length > 2);
		const before = await find(registryKind, "app");
		assert.equal(await handOvers(), transitions);

		await slow.end("SIGKILL");
		await eventually(async () => assert.equal(await holder(), "fast"), LONG);
		await start("late", -HOUR);
		await create("second");
		await isDone("second");
		await isAtRest("app");
		assert.equal(await handOvers(), transitions + 1);
		assert.deepEqual(uidsOf(await madeOf("app")), made);
		// Nothing came to be otherwise, so nothing has another time, for all that the clock is two hours on.
		const after_ = await find(registryKind, "app");
		assert.deepEqual(listAt(after_, "status", "conditions"), listAt(before, "status", "conditions"));
		const { items } = await bench.client.list(EVENTS, { namespace: NAMESPACE, limit: 500 }, soon());
		assert.ok(items.filter(({ reportingController }) => reportingController === "limani.dev/operator").length < 10);
	});

	it("a line that swallows every byte: given up, and all is made up for", async () => {
		const said = listen();
		proxy.passage = "swallowing";
		await create("swallowed");
		// Both have noticed: the leader leads no more, and who waits cannot ask for the lease.
		await eventually(() => assert.ok(said().every((text) => /"lease\.failed"|"operator\.ended"/.test(text))), LONG);
		await live();
		proxy.passage = "open";
		await isDone("swallowed");
		await areReady();
	});

	it("429 with Retry-After and 5xx: patience, and all is made up for", async () => {
		let asked = 0;
		let refused = 0;
		const answers = [
			{ kind: "answer", status: 429, retryAfterSeconds: 1 },
			{ kind: "answer", status: 500 },
			{ kind: "answer", status: 503 },
			{ kind: "answer", status: 504 },
		] as const;
		faults = {
			request: () => {
				asked++;
				return asked % 3 === 0 ? undefined : answers[refused++ % answers.length];
			},
		};
		proxy.target = new URL(front.url).port === "" ? 443 : Number(new URL(front.url).port);
		proxy.cut();
		for (const name of ["busy-1", "busy-2", "busy-3"]) await create(name);
		await eventually(() => assert.ok(refused > 40, `${refused} of ${asked} refused`), LONG);
		faults = {};
		for (const name of ["busy-1", "busy-2", "busy-3"]) await isDone(name);
		await areReady();
	});

	it("an API server that answers nobody for a minute: they live on, nobody leads, and one of them does later", async (plane) => {
		proxy.target = plane.port;
		proxy.cut();
		await areReady();
		const said = listen();
		const begun = performance.now();
		plane.signal("SIGSTOP");
		try {
			await eventually(() => assert.ok(said().some((text) => /"lease\.lost"|"operator\.ended"/.test(text))), LONG);
			await sleep(Math.max(0, OUTAGE_MS - (performance.now() - begun)));
			await live();
			for (const operator of all()) assert.notEqual((await operator.page("readyz")).status, 200);
		} finally {
			plane.signal("SIGCONT");
		}
		await create("after-outage");
		await isDone("after-outage");
		await areReady();
	});

	it("etcd compacted while nobody could watch: what was missed is found by a new list", async (plane) => {
		const said = listen();
		proxy.passage = "shut";
		const service = await find(SERVICES, "app-registry");
		await bench.client.delete(SERVICES, { namespace: NAMESPACE, name: "app-registry" }, {}, soon());
		await create("unseen");
		await bench.client.delete(registryKind, { namespace: NAMESPACE, name: "busy-3" }, {}, soon());
		await plane.compact();
		// A server that begins anew knows no older versions either.
		await bench.plane.restart?.();
		proxy.passage = "open";
		await isDone("unseen");
		await eventually(async () => {
			const now = await find(SERVICES, "app-registry");
			assert.ok(now !== undefined && now.metadata.uid !== service?.metadata.uid);
			assert.equal(await find(registryKind, "busy-3"), undefined);
		}, LONG);
		assert.match(said().join("\n"), /GONE: .*too old resource version/);
		await areReady();
	});

	it("a newer definition with more fields and another version: they stay, and nobody works in a circle", async () => {
		const { plural, group } = registryKind;
		const name = `${plural}.${group}`;
		const present = (await bench.client.find(CUSTOM_RESOURCE_DEFINITIONS, { name }, soon())) ?? assert.fail();
		await bench.client.replace(CUSTOM_RESOURCE_DEFINITIONS, newer(present), {}, soon());
		const future = { spec: { futureField: "wanted" } };
		await eventually(async () => {
			const made = await bench.call(
				"POST",
				pathOf("v1alpha1", "?dryRun=All&fieldValidation=Strict"),
				dryRun(future.spec),
			);
			assert.equal(made.status, 201, JSON.stringify(made.body));
		}, LONG);
		await create("newer", future.spec);
		const ref = { namespace: NAMESPACE, name: "app" };
		const opts = { fieldManager: "a person" };
		// Whether it goes is nobody's promise: a status is the leader's alone, who may have seen it without the new field, for
		// the watches of the old definition go on for a moment.
		const told = { kind: "merge", body: { status: { futureStatus: "told" } } } as const;
		await bench.client.patch(registryKind, ref, told, { ...opts, subresource: "status" }, soon());
		await bench.client.patch(registryKind, ref, { kind: "merge", body: future }, opts, soon());
		for (const each of ["newer", "app"]) {
			await isDone(each);
			await isAtRest(each);
		}
		const app = await find(registryKind, "app");
		assert.equal(fieldAt(app?.spec, ["futureField"]), "wanted");
		assert.equal(fieldAt((await find(registryKind, "newer"))?.spec, ["futureField"]), "wanted");
		const other = await bench.call("GET", pathOf("v1beta1", "/app"));
		assert.equal(other.at("spec", "futureField"), "wanted");
		await areReady();
	});

	it("after all of it nothing was written twice, nor in any spec, and they end when they are told to", async () => {
		const { items } = await bench.client.list(registryKind, { namespace: NAMESPACE, limit: 500 }, soon());
		assert.equal(items.length, 8);
		for (const { metadata } of items) {
			const written = listAt(metadata, "managedFields").filter((entry) => textAt(entry, "manager") !== "a person");
			assert.ok(written.length > 0);
			for (const entry of written) {
				const isStatus = textAt(entry, "subresource") === "status";
				const fields = Object.keys(Object(fieldAt(entry, ["fieldsV1"])));
				assert.deepEqual(fields, [isStatus ? "f:status" : "f:metadata"], metadata.name);
				if (isStatus) continue;
				assert.deepEqual(Object.keys(Object(fieldAt(entry, ["fieldsV1", "f:metadata"]))), ["f:finalizers"]);
			}
		}
		for (const { metadata } of items) {
			const made = await madeOf(metadata.name);
			for (const [key, object] of made) {
				const owners = listAt(object, "metadata", "ownerReferences").map((owner) => fieldAt(owner, ["uid"]));
				assert.ok(
					owners.every((uid) => uid === metadata.uid),
					key,
				);
			}
			assert.equal([...made.keys()].filter((key) => key.startsWith("StatefulSet ")).length, 1);
		}
		const codes = await Promise.all(all().map((operator) => operator.end("SIGTERM")));
		assert.deepEqual(codes, [0, 0]);
		assert.equal(await holder(), "");
	});
});

const pathOf = (version: string, rest: string): string =>
	`/apis/${registryKind.group}/${version}/namespaces/${NAMESPACE}/${registryKind.plural}${rest}`;

const dryRun = (spec: object): object => ({
	apiVersion: apiVersionOf(registryKind),
	kind: registryKind.kind,
	metadata: { name: "probe" },
	spec,
});

/** A definition as a later release has it: a field more in spec and status, and another version that says the same. */
const newer = (definition: KubeObject): KubeObject => {
	const text = { type: "string" };
	const copy: KubeObject = structuredClone(definition);
	const [version] = listAt(copy, "spec", "versions");
	const properties = fieldAt(version, ["schema", "openAPIV3Schema", "properties"]);
	for (const [part, field] of [
		["spec", "futureField"],
		["status", "futureStatus"],
	] as const) {
		Object.assign(Object(fieldAt(properties, [part, "properties"])), { [field]: text });
	}
	const versions = [version, { ...structuredClone(Object(version)), name: "v1beta1", storage: false }];
	return { ...copy, spec: { ...Object(copy.spec), versions } };
};
