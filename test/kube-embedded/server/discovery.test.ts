import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEFINITIONS, openTestApi, type TestApi, WIDGET_CRD } from "../../support/embedded-api.ts";

describe("what the embedded API tells of itself", () => {
	let api: TestApi;
	before(async () => {
		api = await openTestApi();
		await api.call("POST", DEFINITIONS, WIDGET_CRD);
	});
	after(() => api[Symbol.asyncDispose]());

	it("names groups and versions, plainly and all at once", async () => {
		assert.deepEqual((await api.call("GET", "/api")).at("versions"), ["v1"]);
		const { groups }: { groups: { name: string }[] } = Object((await api.call("GET", "/apis")).body);
		const names = groups.map(({ name }) => name).toSorted();
		assert.deepEqual(names, ["apiextensions.k8s.io", "coordination.k8s.io", "events.k8s.io", "example.com"]);
		assert.equal((await api.call("GET", "/apis/example.com")).at("preferredVersion.version"), "v1");
		const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
		const aggregated = await api.call("GET", "/apis", undefined, { accept });
		assert.match(aggregated.headers.get("content-type") ?? "", /as=APIGroupDiscoveryList/);
		const { items }: { items: { metadata: { name: string }; versions: { resources: unknown[] }[] }[] } = Object(
			aggregated.body,
		);
		const widgets = items.find(({ metadata }) => metadata.name === "example.com")?.versions[0]?.resources[0];
		assert.deepEqual(Object(widgets).responseKind, { group: "example.com", version: "v1", kind: "Widget" });
		assert.deepEqual(
			Object(widgets).subresources.map(({ subresource }: { subresource: string }) => subresource),
			["status", "scale"],
		);
	});

	it("serves no roles and no pods", async () => {
		assert.equal((await api.call("GET", "/apis/rbac.authorization.k8s.io/v1")).status, 404);
		const { resources }: { resources: { name: string }[] } = Object((await api.call("GET", "/api/v1")).body);
		assert.ok(!resources.some(({ name }) => name === "pods"));
		assert.ok(resources.some(({ name }) => name === "serviceaccounts/token"));
	});

	it("documents each kind with what clients look for", async () => {
		const index = await api.call("GET", "/openapi/v3");
		const { paths }: { paths: Record<string, { serverRelativeURL: string }> } = Object(index.body);
		const address = paths["apis/example.com/v1"]?.serverRelativeURL ?? "";
		assert.match(address, /^\/openapi\/v3\/apis\/example\.com\/v1\?hash=[0-9A-F]{64}$/);
		const { body } = await api.call("GET", address);
		const document: {
			paths: Record<string, Record<string, { parameters: { name: string }[]; requestBody: { content: object } }>>;
		} = Object(body);
		const patch = document.paths["/apis/example.com/v1/namespaces/{namespace}/widgets/{name}"]?.patch;
		assert.deepEqual(Object(patch)["x-kubernetes-group-version-kind"], {
			group: "example.com",
			version: "v1",
			kind: "Widget",
		});
		assert.ok(patch?.parameters.some(({ name }) => name === "fieldValidation"));
		assert.ok(!Object.hasOwn(patch?.requestBody.content ?? {}, "application/strategic-merge-patch+json"));
		const core = await api.call("GET", paths["api/v1"]?.serverRelativeURL ?? "");
		const secret = Object(core.body).paths["/api/v1/namespaces/{namespace}/secrets/{name}"].patch;
		assert.ok(Object.hasOwn(secret.requestBody.content, "application/strategic-merge-patch+json"));
		for (const reference of JSON.stringify(core.body).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
			assert.ok(Object.hasOwn(Object(core.body).components.schemas, reference[1] ?? ""), reference[0]);
		}
		assert.deepEqual((await api.call("GET", "/openapi/v2")).at("definitions"), {});
	});

	it("says which Kubernetes it behaves like", async () => {
		const version = await api.call("GET", "/version");
		assert.equal(version.at("major"), "1");
		assert.match(String(version.at("gitVersion")), /^v1\.\d+\.\d+/);
	});
});
