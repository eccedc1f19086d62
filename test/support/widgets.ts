import type { KubeObject } from "#/kube/kube-object.ts";

/** An object for tests, of a kind that nobody knows. */
export const widget = (
	name: string,
	metadata: Partial<KubeObject["metadata"]> = {},
	rest: object = {},
): KubeObject => ({
	apiVersion: "test.example/v1",
	kind: "Widget",
	metadata: { name, namespace: "team", uid: `uid-${name}`, resourceVersion: "1", generation: 1, ...metadata },
	...rest,
});
