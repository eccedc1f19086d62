import assert from "node:assert/strict";
import { test } from "node:test";
import { applyDefinitions } from "#/app/standalone/apply-definitions.ts";
import { NAMESPACES } from "#/kube/resource-type.ts";
import type { KubeConnection } from "#/kube/rest/connection.ts";
import { kubeconfigConnection } from "#/kube/rest/kubeconfig-connection.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { systemTiming } from "#/lib/timing.ts";
import {
	type KnownTextDifference,
	knownTextDifferences,
	NOT_COMPARED,
} from "../../support/differential/known-text-differences.ts";
import { type KubectlAnswer, KubectlPeer } from "../../support/differential/kubectl-peer.ts";
import { kubectlScript } from "../../support/differential/kubectl-script.ts";
import { TextNormaliser } from "../../support/differential/normalise-text.ts";
import { openTestApi } from "../../support/embedded-api.ts";
import { eventually } from "../../support/eventually.ts";
import { openKubePlane, skipWithoutKube } from "../../support/kube-plane.ts";
import { unservedKinds } from "../../support/unserved-kinds.ts";

const NAMESPACE = "diff";

const prepare = async (connection: KubeConnection): Promise<void> => {
	await using client = new RestClient({ connection, timing: systemTiming });
	const signal = AbortSignal.timeout(60_000);
	await applyDefinitions(client, signal);
	await eventually(async () => assert.deepEqual(await unservedKinds(client), []));
	const metadata = { name: NAMESPACE };
	await client.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata }, {}, signal);
};

const answersOf = async (connection: KubeConnection): Promise<ReadonlyMap<string, KubectlAnswer>> => {
	await prepare(connection);
	using peer = await KubectlPeer.open(connection, NAMESPACE);
	const normaliser = new TextNormaliser(peer.home);
	const answers = new Map<string, KubectlAnswer>();
	for (const step of kubectlScript) {
		const { code, stdout, stderr } = await peer.run(step);
		answers.set(step.name, { code, stdout: normaliser.apply(stdout), stderr: normaliser.apply(stderr) });
	}
	return answers;
};

test("kubectl says the same of the embedded API and a real one", { skip: skipWithoutKube() }, async (t) => {
	await using api = await openTestApi();
	await using plane = await openKubePlane({ controllers: true });
	const [embedded, real] = await Promise.all([
		answersOf(plainConnection({ url: api.url, ca: api.ca, token: api.token })),
		answersOf(await kubeconfigConnection({ path: plane.kubeconfig })),
	]);
	for (const { name } of kubectlScript) {
		await t.test(name, () => {
			const [ours, theirs] = [embedded.get(name) ?? assert.fail(), real.get(name) ?? assert.fail()];
			const known = knownTextDifferences.filter(({ steps }) => steps.test(name));
			assert.deepEqual(stripped(ours, known), stripped(theirs, known));
			for (const one of known) {
				const others = known.filter((other) => other !== one);
				assert.notDeepEqual(stripped(ours, others), stripped(theirs, others), `no difference any more: ${one.why}`);
			}
		});
	}
	const names = kubectlScript.map(({ name }) => name);
	assert.equal(new Set(names).size, names.length, "two steps have one name");
	for (const { steps } of knownTextDifferences)
		assert.ok(
			names.some((name) => steps.test(name)),
			`no step: ${steps}`,
		);
});

/** An answer without differences that stay. Where all of a text is one, so is the exit code. */
const stripped = ({ code, stdout, stderr }: KubectlAnswer, known: readonly KnownTextDifference[]): KubectlAnswer => {
	const text = (given: string) => known.reduce((rest, { without }) => without(rest), given);
	const answer = { stdout: text(stdout), stderr: text(stderr) };
	return { code: answer.stdout === NOT_COMPARED ? 0 : code, ...answer };
};
