import assert from "node:assert/strict";
import type { DesiredResource } from "#/control/control.ts";
import { type ControlCase, Operator, observed, observedOf, soon } from "./bench.ts";

const retention = (uid: string, generation = 1): DesiredResource => ({
	kind: "RetentionPolicy",
	uid,
	generation,
	spec: {
		name: "team/old",
		projects: { uids: [] },
		rules: [{ name: "recent", keep: { latestPushed: 3 } }],
	},
});

const replication = (uid: string, remote: object, generation = 1): DesiredResource => ({
	kind: "ReplicationPolicy",
	uid,
	generation,
	spec: {
		name: "team/hub",
		direction: "Pull",
		remote: { url: "https://registry.example.com", ...remote },
		projects: { uids: [] },
	},
});

const credentials = { username: "ann", password: "correct horse battery staple" };

/** Policies, and what is told of them. */
export const policyCases: readonly ControlCase[] = [
	{
		name: "what a data plane reports of a policy comes with the next observation",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([retention("p1"), retention("p2")]);
			const seen = await observedOf(control, "p1");
			assert.deepEqual([seen.ready, seen.reason, "report" in seen], [true, "Applied", false]);
			const fence = (await metadata.outbox.lease("policy:p1", "replica", 60_000)) ?? assert.fail();
			const report = { runs: [{ id: "r1", removed: 3 }], nextRunAt: 12 };
			const { cursor } = await control.observe({ cursor: 0, limit: 9 }, soon());
			assert.ok(await metadata.policies.save("p1", { fence, report }));
			const news = await observed(control, cursor);
			assert.deepEqual(
				news.map((resource) => [resource.uid, resource.ready, resource.report]),
				[["p1", true, report]],
			);
			await operator.apply([retention("p1", 2)]);
			assert.deepEqual((await observedOf(control, "p1")).report, report, "another spec leaves it");
			await operator.apply([], ["p1"]);
			const gone = await observedOf(control, "p1");
			assert.deepEqual([gone.deleted, "report" in gone], [true, false]);
		},
	},
	{
		name: "a backup is handed over as policies are, and what became of it stays while it is named",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			const backup = (uid: string, spec: object): DesiredResource => ({
				kind: "Backup",
				uid,
				generation: 1,
				spec: { ...spec },
			});
			await operator.apply([backup("b1", { name: "team/nightly" }), backup("b2", { name: "team/x", to: "s3" })]);
			const { ready, reason } = await observedOf(control, "b1");
			assert.deepEqual([ready, reason], [true, "Applied"]);
			assert.deepEqual((await observedOf(control, "b2")).reason, "Invalid");
			const listed = async () => (await metadata.policies.list("Backup", { limit: 9 })).map(({ uid }) => uid);
			assert.deepEqual(await listed(), ["b1"]);
			const fence = (await metadata.outbox.lease("policy:b1", "replica", 60_000)) ?? assert.fail();
			const state = { runs: [{ id: "r1" }] };
			assert.ok(await metadata.policies.save("b1", { fence, state, report: state }));
			await operator.resync("s", [backup("b1", { name: "team/nightly" })], true);
			assert.deepEqual((await metadata.policies.find("b1"))?.state, state, "it was made, and is not made again");
			assert.deepEqual((await observedOf(control, "b1")).report, state);
			await operator.resync("t", [], true);
			assert.deepEqual(await listed(), []);
		},
	},
	{
		name: "credentials of a policy are kept sealed, and the same ones again change nothing",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([replication("p1", { credentials }), replication("p2", { credentials })]);
			const sealedOf = async (uid: string) => {
				const policy = await metadata.policies.find(uid);
				const text = JSON.stringify(policy);
				assert.ok(!text.includes(credentials.password) && !text.includes(credentials.username), text);
				return JSON.stringify(policy?.spec.remote);
			};
			const first = await sealedOf("p1");
			assert.match(first, /sealedCredentials/);
			assert.notEqual(first, await sealedOf("p2"));
			const { cursor } = await control.observe({ cursor: 0, limit: 9 }, soon());
			await operator.apply([replication("p1", { credentials })]);
			assert.equal(await sealedOf("p1"), first);
			assert.deepEqual(await observed(control, cursor), []);
			await operator.apply([replication("p1", { credentials: { ...credentials, password: "another" } })]);
			assert.notEqual(await sealedOf("p1"), first);
			await operator.apply([replication("p1", {}, 2)]);
			assert.doesNotMatch(await sealedOf("p1"), /sealedCredentials/);
		},
	},
	{
		name: "neither credentials that are wrong nor sealed ones from elsewhere are repeated or kept",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([
				replication("p1", { credentials: { ...credentials, token: "hunter2" } }),
				replication("p2", { credentials: { username: "ann", password: ["hunter2"] } }),
				replication("p3", { sealedCredentials: "aHVudGVyMg==" }),
			]);
			for (const uid of ["p1", "p2", "p3"]) {
				const { ready, reason, message } = await observedOf(control, uid);
				assert.deepEqual([ready, reason], [false, "Invalid"]);
				assert.match(message, /redentials/);
				assert.doesNotMatch(message, /hunter2|aHVud|horse/);
				assert.equal(await metadata.policies.find(uid), undefined);
			}
		},
	},
];
