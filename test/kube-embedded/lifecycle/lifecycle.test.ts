import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
	CONFIG_MAPS,
	configMap,
	DEFINITIONS,
	openTestApi,
	type TestApi,
	WIDGET_CRD,
	WIDGETS,
	widget,
} from "../../support/embedded-api.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const merge = { type: "application/merge-patch+json" };
const isGone = ({ status }: { readonly status: number }): boolean => status === 404;

describe("the life of objects", () => {
	let api: TestApi;
	before(async () => {
		api = await openTestApi();
		await api.call("POST", DEFINITIONS, WIDGET_CRD);
	});
	after(() => api[Symbol.asyncDispose]());

	const make = async (name: string, metadata: object = {}): Promise<string> => {
		const made = await api.call("POST", CONFIG_MAPS, configMap(name, { metadata }));
		assert.equal(made.status, 201);
		return String(made.at("metadata.uid"));
	};
	const ownedBy = (name: string, uid: string, more: object = {}) => ({
		ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name, uid, ...more }],
	});

	it("keeps an object that is deleted until its finalizers are gone, and takes no new ones", async () => {
		const made = await api.call("POST", WIDGETS, widget("held", undefined, { finalizers: ["example.com/hold"] }));
		assert.equal(made.at("metadata.generation"), 1);
		const deleted = await api.call("DELETE", `${WIDGETS}/held`);
		assert.equal(deleted.at("kind"), "Widget");
		assert.equal(deleted.at("metadata.generation"), 2);
		assert.equal(deleted.at("metadata.deletionGracePeriodSeconds"), 0);
		const again = await api.call("DELETE", `${WIDGETS}/held`);
		assert.equal(again.at("metadata.resourceVersion"), deleted.at("metadata.resourceVersion"));
		const more = { metadata: { finalizers: ["example.com/hold", "example.com/more"] } };
		const refused = await api.call("PATCH", `${WIDGETS}/held`, more, merge);
		assert.equal(refused.status, 422);
		assert.match(String(refused.at("message")), /no new finalizers can be added if the object is being deleted/);
		const undelete = await api.call("PATCH", `${WIDGETS}/held`, { metadata: { deletionTimestamp: null } }, merge);
		assert.equal(undelete.at("metadata.deletionTimestamp"), deleted.at("metadata.deletionTimestamp"));
		assert.equal((await api.call("PATCH", `${WIDGETS}/held`, { metadata: { finalizers: null } }, merge)).status, 200);
		assert.equal((await api.call("GET", `${WIDGETS}/held`)).status, 404);
	});

	it("deletes only the object that is meant", async () => {
		await make("meant");
		const preconditions = { uid: "another" };
		const refused = await api.call("DELETE", `${CONFIG_MAPS}/meant`, { kind: "DeleteOptions", preconditions });
		assert.equal(refused.status, 409);
		assert.match(
			String(refused.at("message")),
			/^Operation cannot be fulfilled on ConfigMap "meant": the UID in the precondition \(another\) does not match/,
		);
		const gone = await api.call("DELETE", `${CONFIG_MAPS}/meant`);
		assert.equal(gone.at("status"), "Success");
		assert.equal(gone.at("details.name"), "meant");
	});

	it("collects what has lost all of its owners, and what never had one", async () => {
		const uid = await make("owner");
		const child = await make("child", ownedBy("owner", uid));
		await make("grandchild", ownedBy("child", child));
		await make("foundling", ownedBy("owner", "00000000-0000-4000-8000-000000000000"));
		await api.until(`${CONFIG_MAPS}/foundling`, isGone);
		assert.equal((await api.call("GET", `${CONFIG_MAPS}/grandchild`)).status, 200);
		assert.equal((await api.call("DELETE", `${CONFIG_MAPS}/owner`)).at("status"), "Success");
		await api.until(`${CONFIG_MAPS}/grandchild`, isGone);
		assert.equal((await api.call("GET", `${CONFIG_MAPS}/child`)).status, 404);
	});

	it("keeps what still has an owner, and forgets the one that is gone", async () => {
		const [one, other] = [await make("parent-a"), await make("parent-b")];
		const references = [...ownedBy("parent-a", one).ownerReferences, ...ownedBy("parent-b", other).ownerReferences];
		await make("shared", { ownerReferences: references });
		await api.call("DELETE", `${CONFIG_MAPS}/parent-a`);
		const left = await api.until(
			`${CONFIG_MAPS}/shared`,
			(answer) => answer.at("metadata.ownerReferences.1") === undefined,
		);
		assert.equal(left.at("metadata.ownerReferences.0.uid"), other);
	});

	it("sets dependents free when it is told to", async () => {
		const uid = await make("leaver");
		await make("orphan", ownedBy("leaver", uid));
		await api.call("DELETE", `${CONFIG_MAPS}/leaver?propagationPolicy=Orphan`);
		await api.until(`${CONFIG_MAPS}/leaver`, isGone);
		const orphan = await api.call("GET", `${CONFIG_MAPS}/orphan`);
		assert.equal(orphan.status, 200);
		assert.equal(orphan.at("metadata.ownerReferences"), undefined);
	});

	it("keeps the owner until dependents that block it are gone, when it is told to", async () => {
		const uid = await make("front");
		const blocking = ownedBy("front", uid, { blockOwnerDeletion: true });
		await make("blocker", { ...blocking, finalizers: ["example.com/hold"] });
		const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Foreground" };
		const deleted = await api.call("DELETE", `${CONFIG_MAPS}/front`, body);
		assert.deepEqual(deleted.at("metadata.finalizers"), ["foregroundDeletion"]);
		await api.until(`${CONFIG_MAPS}/blocker`, (answer) => answer.at("metadata.deletionTimestamp") !== undefined);
		assert.equal((await api.call("GET", `${CONFIG_MAPS}/front`)).status, 200);
		await api.call("PATCH", `${CONFIG_MAPS}/blocker`, { metadata: { finalizers: null } }, merge);
		await api.until(`${CONFIG_MAPS}/front`, isGone);
	});

	it("empties a namespace that is deleted, waits for finalizers there, and lets nothing in", async () => {
		const namespaces = "/api/v1/namespaces";
		await api.call("POST", namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } });
		await api.until(`${namespaces}/team/serviceaccounts/default`, ({ status }) => status === 200);
		const inside = "/apis/example.com/v1/namespaces/team/widgets";
		await api.call("POST", inside, widget("held", undefined, { finalizers: ["example.com/hold"] }));
		await api.call("POST", `${namespaces}/team/configmaps`, configMap("loose"));
		const deleted = await api.call("DELETE", `${namespaces}/team`);
		assert.equal(deleted.at("status.phase"), "Terminating");
		await api.until(`${namespaces}/team/configmaps/loose`, isGone);
		const late = await api.call("POST", `${namespaces}/team/configmaps`, configMap("late"));
		assert.equal(late.status, 403);
		assert.equal(
			late.at("message"),
			'configmaps "late" is forbidden: unable to create new content in namespace team because it is being terminated',
		);
		assert.equal((await api.call("GET", `${namespaces}/team`)).status, 200);
		await api.call("PATCH", `${inside}/held`, { metadata: { finalizers: null } }, merge);
		await api.until(`${namespaces}/team`, isGone);
	});

	it("empties a namespace of more than is deleted in one go, and of what comes to wait there", async () => {
		const namespaces = "/api/v1/namespaces";
		await api.call("POST", namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "full" } });
		const inside = "/apis/example.com/v1/namespaces/full/widgets";
		const names = Array.from({ length: 120 }, (_, i) => `one-${i}`);
		for (const name of names) {
			await api.call("POST", `${namespaces}/full/configmaps`, configMap(name));
			await api.call("POST", inside, widget(name, undefined, { finalizers: ["example.com/hold"] }));
		}
		await api.call("DELETE", `${namespaces}/full`);
		await api.until(`${namespaces}/full/configmaps`, ({ body }) => Object(body).items.length === 0);
		await api.until(inside, ({ body }) =>
			Object(body).items.every((one: unknown) => Object(Object(one).metadata).deletionTimestamp !== undefined),
		);
		for (const name of names) {
			assert.equal((await api.call("GET", `${namespaces}/full`)).status, 200, name);
			await api.call("PATCH", `${inside}/${name}`, { metadata: { finalizers: null } }, merge);
		}
		await api.until(`${namespaces}/full`, isGone);
	});

	it("gives each namespace its default service account, again when it is deleted", async () => {
		const path = "/api/v1/namespaces/default/serviceaccounts/default";
		const { body } = await api.until(path, ({ status }) => status === 200);
		await api.call("DELETE", path);
		await api.until(path, (answer) => answer.status === 200 && answer.at("metadata.uid") !== Object(body).metadata.uid);
	});

	it("says why a definition is not served, and takes its objects along when it is deleted", async () => {
		const rival = structuredClone(WIDGET_CRD);
		Object.assign(rival.metadata, { name: "gadgets.example.com" });
		Object.assign(rival.spec.names, { plural: "gadgets", shortNames: [] });
		const refused = await api.call("POST", DEFINITIONS, rival);
		assert.equal(refused.at("status.conditions.0.reason"), "KindConflict");
		assert.equal(refused.at("status.conditions.1.status"), "False");
		assert.equal((await api.call("GET", "/apis/example.com/v1/gadgets")).status, 404);
		const misnamed = await api.call("POST", DEFINITIONS, { ...rival, metadata: { name: "other.example.com" } });
		assert.equal(misnamed.status, 422);
		await api.call("POST", WIDGETS, widget("goes"));
		await api.call("DELETE", `${DEFINITIONS}/widgets.example.com`);
		await api.until(`${DEFINITIONS}/widgets.example.com`, isGone);
		await api.until(WIDGETS, isGone);
		await api.call("POST", DEFINITIONS, WIDGET_CRD);
		const list = await api.call("GET", WIDGETS);
		assert.deepEqual(list.at("items"), []);
	});
});

it("finds everything again after a restart, and ends what was begun", async (test) => {
	const directory = temporaryDirectory(test);
	const owner = { apiVersion: "v1", kind: "ConfigMap", name: "owner" };
	const first = await openTestApi({ directory });
	await first.call("POST", DEFINITIONS, WIDGET_CRD);
	await first.call("POST", WIDGETS, widget("stays"));
	const uid = (await first.call("POST", CONFIG_MAPS, configMap("owner"))).at("metadata.uid");
	await first.call("POST", CONFIG_MAPS, configMap("child", { metadata: { ownerReferences: [{ ...owner, uid }] } }));
	const before = await first.call("GET", WIDGETS);
	await first.call("DELETE", `${CONFIG_MAPS}/owner`);
	await first[Symbol.asyncDispose]();
	await using second = await openTestApi({ directory });
	assert.deepEqual([second.ca, second.token], [first.ca, first.token]);
	const after = await second.call("GET", WIDGETS);
	assert.deepEqual(after.at("items"), before.at("items"));
	assert.ok(Number(after.at("metadata.resourceVersion")) > Number(before.at("metadata.resourceVersion")));
	await second.until(`${CONFIG_MAPS}/child`, isGone);
});
