// A Registry that goes from a volume and the embedded database to an object store and PostgreSQL while somebody pulls
// from it, as docs/migration.md and docs/storage.md say.
import assert from "node:assert/strict";
import { it, type TestContext } from "node:test";
import { eventually } from "../eventually.ts";
import { otherBucket } from "../s3.ts";
import { type Acts, HERE, LONG, LONG_MS } from "./acts.ts";
import type { Nodes } from "./nodes.ts";
import { startPuller } from "./puller.ts";
import type { RunnableImage } from "./runnable-image.ts";

const HOST = "main-registry.team-a.svc";
/** What changes when pods start anew. */
const SETTINGS = ".spec.template.metadata.annotations.limani\\.dev/settings";
const PODS = ["--selector", "app.kubernetes.io/instance=main"];

/** What it goes on in. */
export interface MigrationOpts {
	readonly nodes: Nodes;
	readonly acts: Acts;
	/** What was pushed to it as `web/app:first` before. */
	readonly old: RunnableImage;
	/** URL of the object store, as pods reach it. */
	endpoint(): Promise<string>;
	/** Makes an empty database. @returns its URL */
	database(test: TestContext): Promise<string>;
	/** File with the authority of its certificate. */
	readonly authority: string;
}

/** Tests of the Registry `main`, which has one replica and a robot `ci`. @param given what is there when they run */
export const migrationSuite = (given: () => MigrationOpts): void => {
	it("goes from its volume and the embedded database to a bucket and PostgreSQL, and pulls fail in its one start alone", async (test) => {
		const { nodes, acts, endpoint, database, authority } = given();
		const { auths } = await acts.credentialOf("ci");
		const authorization = `Basic ${auths[HOST]?.auth}`;
		const image = { origin: `https://${HOST}`, repository: "web/app", tag: "first", authorization, authority };
		await using puller = startPuller(nodes, { node: "node1", ...image });
		await puller.more(1);
		await nodes.kubectl(
			"create",
			"secret",
			"generic",
			"main-database",
			...HERE,
			`--from-literal=url=${await database(test)}`,
		);
		const storage = {
			s3: {
				bucket: otherBucket,
				endpoint: await endpoint(),
				pathStyle: true,
				credentialsSecretRef: { name: "bucket" },
			},
		};
		const postgres = { urlSecretRef: { name: "main-database", key: "url" } };
		const settings = () => acts.textAt(SETTINGS, ...HERE, "statefulset", "main-registry");
		const former = await settings();
		await acts.patch("registry", "main", { spec: { migration: { storage, database: { postgres } } } });
		await eventually(async () => assert.notEqual(await settings(), former), LONG_MS);
		await acts.rolledOut("statefulset/main-registry");
		await puller.succeeded(1);
		// The one pod of a volume ends before the next one begins. From here on there is always one that serves.
		const away = puller.pulled();
		for (const condition of ["StorageMigrated", "DatabaseMigrated"]) {
			await nodes.kubectl("wait", ...HERE, `--for=condition=${condition}`, LONG, "registry/main");
		}
		await puller.more(3);
		await acts.patch("registry", "main", {
			spec: {
				storage: { filesystem: null, ...storage },
				database: { embedded: null, postgres },
				migration: null,
			},
		});
		await eventually(async () => assert.equal(await namesOf(nodes), "deployment.apps/main-registry\n"), LONG_MS);
		await acts.rolledOut("deployment/main-registry");
		await nodes.kubectl("wait", ...HERE, "--for=delete", LONG, "pod/main-registry-0");
		await acts.isReady("registry/main");
		await puller.more(3);
		const { pulls, failures } = puller.pulled();
		test.diagnostic(`${away.failures.length} of ${away.pulls} pulls failed, when the pod began with the migration`);
		assert.deepEqual(failures.slice(away.failures.length), [], `of ${pulls - away.pulls} pulls afterwards`);
	});

	it("has two replicas on two nodes then, from which a kubelet pulls what was pushed before", async () => {
		const { nodes, acts, old } = given();
		await nodes.kubectl("scale", "registry", "main", ...HERE, "--replicas=2");
		await eventually(async () => {
			const pods = await acts.replicasOf("main");
			assert.deepEqual(pods.map(({ node }) => node).toSorted(), ["node1", "node2"]);
		}, LONG_MS);
		await acts.rolledOut("deployment/main-registry");
		await acts.isReady("registry/main", "project/web", "robotaccount/ci");
		assert.equal(await acts.textAt(".items[*].spec.volumes[*].persistentVolumeClaim", ...HERE, "pod", ...PODS), "");
		assert.equal(await acts.runIn("migrated", `${HOST}/web/app:first`, "app", "node2"), `${old.greeting}\n`);
	});
};

const namesOf = (nodes: Nodes) =>
	nodes.kubectl("get", "deployments,statefulsets", ...HERE, ...PODS, "--output", "name");
