import assert from "node:assert/strict";
import { test } from "node:test";
import { registryKind } from "#/api/kinds/registry.ts";
import { NAMESPACES } from "#/kube/resource-type.ts";
import { findBinding, whyItStays } from "#/operator/tenancy/find-binding.ts";
import { MemoryKube } from "../../support/memory-kube.ts";

const binder = { metadata: { namespace: "system" }, spec: { registryRef: { name: "main" } } };

interface Case {
	readonly name: string;
	/** Absent: there is no Registry. */
	readonly registry?: { readonly replicas: number; readonly isLeaving: boolean };
	/** What is known of its data plane, to which there is no link. */
	readonly plane: "unseen" | "absent" | "overdue";
	readonly gone: boolean;
	readonly unseen: boolean;
	/** What one that is being deleted says. */
	readonly why: RegExp;
}

const serving = { replicas: 1, isLeaving: false };
const leaving = { replicas: 1, isLeaving: true };
const resting = { replicas: 0, isLeaving: false };

const cases: readonly Case[] = [
	{ name: "no Registry", plane: "unseen", gone: true, unseen: false, why: /does not exist/ },
	{ name: "one not seen yet", registry: serving, plane: "unseen", gone: false, unseen: true, why: /does not serve/ },
	{
		name: "one not seen for long",
		registry: serving,
		plane: "overdue",
		gone: false,
		unseen: false,
		why: /does not serve/,
	},
	{
		name: "one that speaks to nobody",
		registry: serving,
		plane: "absent",
		gone: false,
		unseen: false,
		why: /does not serve/,
	},
	{
		name: "one that goes, not seen yet",
		registry: leaving,
		plane: "unseen",
		gone: false,
		unseen: true,
		why: /deleted/,
	},
	{
		name: "one that goes, not seen for long",
		registry: leaving,
		plane: "overdue",
		gone: false,
		unseen: false,
		why: /deleted/,
	},
	{
		name: "one that goes and speaks to nobody",
		registry: leaving,
		plane: "absent",
		gone: true,
		unseen: false,
		why: /deleted/,
	},
	{
		name: "one that is to serve nobody",
		registry: resting,
		plane: "unseen",
		gone: false,
		unseen: false,
		why: /replicas is 0: scale it to 1, or delete it$/,
	},
];

for (const { name, registry, plane, gone, unseen, why } of cases) {
	test(`a link that is not there means of ${name}: gone ${gone}, unseen ${unseen}`, async () => {
		const kube = new MemoryKube();
		const registries = kube.serve(registryKind);
		const namespaces = kube.serve(NAMESPACES);
		if (registry !== undefined) {
			const { replicas, isLeaving } = registry;
			const ref = { namespace: "system", name: "main" };
			kube.edit(registryKind, { spec: { replicas }, metadata: { ...ref, finalizers: ["limani.dev/test"] } });
			if (isLeaving) await kube.delete(registryKind, ref);
			kube.deliver();
		}
		const planes = {
			find: () => undefined,
			isAbsent: () => plane === "absent",
			isUnseen: () => plane === "unseen",
		};
		const binding = findBinding({ registries, namespaces, planes }, binder);
		assert.deepEqual({ gone: binding.gone, unseen: binding.unseen }, { gone, unseen });
		assert.match(whyItStays(binding) ?? "", why);
	});
}
