import assert from "node:assert/strict";
import { test } from "node:test";
import { applyDefinitions } from "#/app/standalone/apply-definitions.ts";
import { NAMESPACES } from "#/kube/resource-type.ts";
import type { KubeConnection } from "#/kube/rest/connection.ts";
import { kubeconfigConnection } from "#/kube/rest/kubeconfig-connection.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { textAt } from "#/kube-embedded/json.ts";
import { systemTiming } from "#/lib/timing.ts";
import { knownDifferences, without } from "../../support/differential/known-differences.ts";
import { Normaliser } from "../../support/differential/normalise.ts";
import { Peer, type RawAnswer } from "../../support/differential/peer.ts";
import { differentialScript } from "../../support/differential/script.ts";
import { openTestApi } from "../../support/embedded-api.ts";
import { eventually } from "../../support/eventually.ts";
import { openKubePlane, skipWithoutKube } from "../../support/kube-plane.ts";
import { unservedKinds } from "../../support/unserved-kinds.ts";

/** A list at a version of long ago. */
const OLD = "/api/v1/namespaces?resourceVersion=2&resourceVersionMatch=Exact";
const OLD_PROJECTS = "/apis/limani.dev/v1alpha1/projects?resourceVersion=2&resourceVersionMatch=Exact";

const prepare = async (connection: KubeConnection): Promise<void> => {
	await using client = new RestClient({ connection, timing: systemTiming });
	const signal = AbortSignal.timeout(60_000);
	await applyDefinitions(client, signal);
	await eventually(async () => assert.deepEqual(await unservedKinds(client), []));
	for (const name of ["diff", "watched"]) {
		await client.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name } }, {}, signal);
	}
};

const answersOf = async (
	connection: KubeConnection,
	forget: (peer: Peer) => Promise<void>,
): Promise<ReadonlyMap<string, RawAnswer>> => {
	await prepare(connection);
	await using peer = await Peer.open(connection);
	const normaliser = new Normaliser();
	const answers = new Map<string, RawAnswer>();
	let kept = "";
	for (const { name, keeps, forgets, ...request } of differentialScript) {
		if (forgets === true) await forget(peer);
		const path = request.path.replaceAll("{kept}", encodeURIComponent(kept));
		const { status, body } = await peer.ask({ ...request, path });
		if (keeps !== undefined) kept = textAt(body, ...keeps.split(".")) ?? "";
		answers.set(name, { status, body: normaliser.apply(body) });
	}
	return answers;
};

test("the embedded API and a real one answer the same", { skip: skipWithoutKube() }, async (t) => {
	const retention = { events: 10_000, age: 300_000, every: 100 };
	await using api = await openTestApi({ retention });
	await using plane = await openKubePlane();
	const { own, restart } = plane;
	if (own === undefined || restart === undefined) return t.skip("the cluster is not ours to hurt");
	const [embedded, real] = await Promise.all([
		answersOf(plainConnection({ url: api.url, ca: api.ca, token: api.token }), async () => {
			Object.assign(retention, { events: 1, age: 0 });
			await eventually(async () => assert.equal((await api.call("GET", OLD)).status, 410));
		}),
		answersOf(await kubeconfigConnection({ path: plane.kubeconfig }), async (peer) => {
			await own.compact();
			// What it has in memory of older versions it forgets by beginning anew; until it has read what there is, it
			// asks to be asked later.
			await restart();
			for (const path of [OLD, OLD_PROJECTS]) {
				await eventually(async () => assert.equal((await peer.ask({ method: "GET", path })).status, 410));
			}
		}),
	]);
	for (const { name } of differentialScript) {
		await t.test(name, () => {
			const known = knownDifferences.filter(({ steps }) => steps.test(name));
			const [ours, theirs] = [embedded.get(name), real.get(name)];
			const stripped = (answer: unknown) => known.reduce((rest, { at }) => without(rest, at.split(".")), answer);
			assert.deepEqual(stripped(ours), stripped(theirs));
			for (const one of known) {
				const others = known.filter((other) => other !== one);
				const but = (answer: unknown) => others.reduce((rest, { at }) => without(rest, at.split(".")), answer);
				assert.notDeepEqual(but(ours), but(theirs), `no difference any more: ${one.at}`);
			}
		});
	}
	const names = differentialScript.map(({ name }) => name);
	assert.equal(new Set(names).size, names.length, "two steps have one name");
	for (const { steps } of knownDifferences)
		assert.ok(
			names.some((name) => steps.test(name)),
			`no step: ${steps}`,
		);
});
