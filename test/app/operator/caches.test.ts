import assert from "node:assert/strict";
import { test } from "node:test";
import { Caches, type CachesOpts } from "#/app/operator/caches.ts";
import type { Selection, WatchEvent } from "#/kube/kube-client.ts";
import type { ResourceType } from "#/kube/resource-type.ts";
import { systemTiming } from "#/lib/timing.ts";
import { eventually } from "../../support/eventually.ts";

const OURS = "app.kubernetes.io/managed-by=limani";

/** What is asked for of Secrets: the namespace and the labels of each list. */
const askedFor = async (opts: CachesOpts): Promise<readonly string[]> => {
	const asked: string[] = [];
	const ending = new AbortController();
	const client = {
		list: async ({ plural }: ResourceType, { namespace = "all", labelSelector = "any" }: Selection) => {
			if (plural === "secrets") asked.push(`${namespace} ${labelSelector}`);
			return { items: [], resourceVersion: "1", next: undefined };
		},
		async *watch(_type: ResourceType, _selection: object, signal: AbortSignal): AsyncIterable<WatchEvent> {
			await systemTiming.sleep(60_000, signal).catch(() => undefined);
		},
	};
	const caches = new Caches({ client, timing: systemTiming, report: (error) => assert.fail(String(error)) }, opts);
	const running = caches.run(ending.signal);
	await eventually(() => assert.ok(caches.reflectors.every(({ store }) => store.synced)));
	ending.abort();
	await running;
	assert.equal(caches.stores.allSecrets === undefined, !opts.allSecrets);
	return asked.toSorted();
};

test("of Secrets only those that were made for our resources are kept, and only where they may be read", async () => {
	assert.deepEqual(await askedFor({ allSecrets: false }), [`all ${OURS}`]);
	const two = { namespaces: ["team-a", "team-b"], allSecrets: false };
	assert.deepEqual(await askedFor(two), [`team-a ${OURS}`, `team-b ${OURS}`]);
	assert.deepEqual(await askedFor({ ...two, secretNamespaces: ["team-b"] }), [`team-b ${OURS}`]);
	// On one machine, where there are few.
	assert.deepEqual(await askedFor({ allSecrets: true }), ["all any", `all ${OURS}`]);
});
