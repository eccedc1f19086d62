// Limani as it is in production: the chart, the image and real pods on two nodes, with nothing in between that is not
// Kubernetes' own, and registries that kubelets and clients pull from.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { createAuthority } from "../../support/certificates.ts";
import { eventually } from "../../support/eventually.ts";
import { type BuiltImage, buildImage } from "../../support/image/built-image.ts";
import { actsOn, HERE, LONG, LONG_MS } from "../../support/node/acts.ts";
import { bundleSuite } from "../../support/node/bundle-suite.ts";
import { classVolumeSuite } from "../../support/node/class-volume-suite.ts";
import { ONE_REPLICA, podOf, SYSTEM, surroundings, threeReplicas, VOLUMES } from "../../support/node/manifests.ts";
import { migrationSuite } from "../../support/node/migration-suite.ts";
import { type Nodes, openNodes, skipWithoutNodes } from "../../support/node/nodes.ts";
import { otherImageSuite } from "../../support/node/other-image-suite.ts";
import { type Puller, startPuller } from "../../support/node/puller.ts";
import { makeRunnableImage, type RunnableImage } from "../../support/node/runnable-image.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { privateS3, s3Keys } from "../../support/s3.ts";

const MAIN = "main-registry.team-a.svc";
const SHARED = "shared-registry.team-a.svc";

describe("Limani on two nodes", { skip: skipWithoutNodes() }, () => {
	const postgres = privatePostgres();
	const s3 = privateS3("minio");
	const authority = createAuthority();
	let folder: string;
	let image: BuiltImage;
	let nodes: Nodes;
	let first: RunnableImage;
	let second: RunnableImage;
	let sharedDatabase: string;
	let puller: Puller;

	before(async () => {
		folder = mkdtempSync(join(tmpdir(), "limani-node-"));
		image = await buildImage(folder);
		nodes = await openNodes(image);
		for (const name of Object.keys(VOLUMES)) mkdirSync(join(nodes.folder, "volumes", name), { recursive: true });
		first = makeRunnableImage(nodes.folder);
		second = makeRunnableImage(nodes.folder);
		await nodes.apply(surroundings(nodes.folder));
	});
	after(async () => {
		await puller?.[Symbol.asyncDispose]();
		await nodes?.[Symbol.asyncDispose]();
		rmSync(folder, { recursive: true, force: true });
	});

	const acts = actsOn(() => nodes);
	const { credentialOf, helm, isReady, operators, patch, runIn, skopeo, textAt } = acts;
	const holder = () => textAt(".spec.holderIdentity", "--namespace", SYSTEM, "lease", "limani");
	const replicas = () => acts.replicasOf("shared");
	/** Until all replicas of the shared registry are what its Deployment says now. */
	const rolledOut = () => acts.rolledOut("deployment/shared-registry");

	/** The URL of a server of the machine, as it is in the cluster. */
	const ledIn = async (url: string): Promise<string> => {
		const led = new URL(url);
		led.host = await nodes.leadIn(Number(led.port));
		return led.href;
	};
	const endpoint = async () => await ledIn(await s3.endpoint());
	/** Makes a database for a Registry. @returns its URL, outside of the cluster and in it */
	const database = async (test: TestContext) => {
		const outside = (await postgres.database(test)) ?? "";
		return { outside, inside: await ledIn(outside) };
	};

	it("is installed by its chart: two restricted operators on two nodes, of which one leads", async () => {
		await helm("install");
		const pods = await operators();
		assert.deepEqual(pods.map(({ node }) => node).toSorted(), ["node1", "node2"]);
		const leader = await holder();
		assert.ok(
			pods.some(({ name }) => leader.startsWith(name)),
			`${leader} leads`,
		);
		const status = await nodes.kubectl("exec", "--namespace", SYSTEM, pods[0]?.name ?? "", "--", "node", "-p", STATUS);
		assert.match(status, /^Uid:\s+65532\s/m);
		assert.match(status, /^CapBnd:\s+0+$/m);
		assert.match(status, /^NoNewPrivs:\s+1$/m);
		assert.match(status, /^Seccomp:\s+2$/m);
	});

	it("passes the chart's own test: a registry of its own is made, pushed to, pulled from, and gone", async () => {
		await nodes.helm("test", "limani", "--namespace", SYSTEM, LONG);
		assert.equal(await nodes.kubectl("get", "registry,project,robotaccount", "--namespace", SYSTEM, "-o", "name"), "");
	});

	it("makes a Registry Ready with its volume, a Project and a RobotAccount that somebody applied", async () => {
		const { cert, key } = authority.issue(MAIN);
		const tls = { cert: join(folder, "tls.crt"), key: join(folder, "tls.key") };
		writeFileSync(tls.cert, cert);
		writeFileSync(tls.key, key);
		await nodes.kubectl("create", "secret", "tls", "main-tls", ...HERE, `--cert=${tls.cert}`, `--key=${tls.key}`);
		nodes.trust(MAIN, authority.ca);
		await nodes.apply(ONE_REPLICA);
		await isReady("registry/main", "project/web", "robotaccount/ci");
		assert.equal(await textAt(".status.url", ...HERE, "registry", "main"), `https://${MAIN}`);
		assert.equal(await textAt(".status.phase", ...HERE, "pvc", "data-main-registry-0"), "Bound");
	});

	it("makes a Registry of three replicas available over PostgreSQL and S3, on both nodes", async (test) => {
		const { outside, inside } = await database(test);
		sharedDatabase = outside;
		const literals = Object.entries(s3Keys).map(([name, value]) => `--from-literal=${name}=${value}`);
		await nodes.kubectl("create", "secret", "generic", "bucket", ...HERE, ...literals);
		await nodes.kubectl("create", "secret", "generic", "database", ...HERE, `--from-literal=url=${inside}`);
		await nodes.apply(threeReplicas(await endpoint()));
		await isReady("registry/shared", "project/apps", "robotaccount/pusher");
		assert.equal(await textAt(".status.readyReplicas", ...HERE, "registry", "shared"), "3");
		assert.deepEqual(new Set((await replicas()).map(({ node }) => node)), new Set(["node1", "node2"]));
	});

	it("is pushed to and pulled from through its Services, by a client that trusts its authority", async () => {
		const [ci, pusher] = [await credentialOf("ci"), await credentialOf("pusher")];
		const trusted = join(nodes.folder, "trusted");
		mkdirSync(trusted);
		writeFileSync(join(trusted, "ca.crt"), authority.ca);
		const to = [`--dest-cert-dir=${trusted}`, `--dest-authfile=${ci.file}`];
		for (const [tag, { folder: layout }] of Object.entries({ first, second })) {
			await skopeo(...to, `oci:${layout}:app`, `docker://${MAIN}/web/app:${tag}`);
		}
		const plain = ["--dest-tls-verify=false", `--dest-authfile=${pusher.file}`];
		for (const [tag, { folder: layout }] of Object.entries({ 1: first, 2: second })) {
			await skopeo(...plain, `oci:${layout}:app`, `docker://${SHARED}/apps/app:${tag}`);
		}
		const from = [`--src-cert-dir=${trusted}`, `--src-authfile=${ci.file}`];
		await skopeo(...from, `docker://${MAIN}/web/app:first`, `dir:${join(nodes.folder, "pulled")}`);
	});

	it("has kubelets pull with a robot's Secret at a ServiceAccount, and nobody without", async () => {
		const secrets = [await credentialOf("ci"), await credentialOf("pusher")].map(({ secret }) => ({ name: secret }));
		await nodes.kubectl("create", "serviceaccount", "app", ...HERE);
		const pullSecrets = JSON.stringify({ imagePullSecrets: secrets });
		await nodes.kubectl("patch", "serviceaccount", "app", ...HERE, "--patch", pullSecrets);
		assert.equal(await runIn("with", `${MAIN}/web/app:first`, "app", "node1"), `${first.greeting}\n`);
		await nodes.apply(podOf("without", { image: `${MAIN}/web/app:first`, account: "default", node: "node2" }));
		await eventually(async () => {
			const path = ".status.containerStatuses[0].state.waiting";
			const waiting = await textAt(path, ...HERE, "pod", "without");
			assert.match(waiting, /ErrImagePull|ImagePullBackOff/);
			assert.match(waiting, /401|unauthorized|authorization failed|denied/i);
		}, LONG_MS);
	});

	it("has a registry's pod that was deleted come back with all that was pushed", async () => {
		await nodes.kubectl("delete", "pod", "main-registry-0", ...HERE);
		await acts.rolledOut("statefulset/main-registry");
		assert.equal(await runIn("again", `${MAIN}/web/app:second`, "app", "node2"), `${second.greeting}\n`);
	});

	describe("while somebody pulls all the time from three replicas", () => {
		before(async () => {
			const { auths } = await credentialOf("pusher");
			const authorization = `Basic ${auths[SHARED]?.auth}`;
			const image = { origin: `http://${SHARED}`, repository: "apps/app", tag: "1", authorization };
			puller = startPuller(nodes, { node: "node1", ...image });
			await puller.more(1);
		});
		const hasFailed = () => assert.deepEqual(puller.pulled().failures, []);

		it("fails no pull when pods are deleted", async () => {
			for (const { name } of (await replicas()).slice(0, 2)) {
				await nodes.kubectl("delete", "pod", name, ...HERE);
				await rolledOut();
			}
			await puller.more(3);
			hasFailed();
		});

		it("fails no pull when all replicas are replaced, since their settings are others", async () => {
			const before = await replicas();
			const spec = { resources: { requests: { cpu: "60m", memory: "128Mi" }, limits: { memory: "512Mi" } } };
			await patch("registry", "shared", { spec });
			const path = ".spec.template.spec.containers[0].resources.requests.cpu";
			await eventually(
				async () => assert.equal(await textAt(path, ...HERE, "deployment", "shared-registry"), "60m"),
				LONG_MS,
			);
			await rolledOut();
			await eventually(async () => {
				const names = (await replicas()).map(({ name }) => name);
				assert.deepEqual(
					before.filter(({ name }) => names.includes(name)),
					[],
				);
			}, LONG_MS);
			await puller.more(3);
			hasFailed();
		});

		otherImageSuite(() => ({ nodes, acts, puller, image, folder, database: sharedDatabase }));

		it("lets a node be drained, and no budget holds it up: what can goes elsewhere, and the volume's pod comes back", async () => {
			await nodes.kubectl("drain", "node1", "--ignore-daemonsets", "--delete-emptydir-data", "--force", LONG);
			await rolledOut();
			assert.deepEqual([...new Set((await replicas()).map(({ node }) => node))], ["node2"]);
			await nodes.kubectl("uncordon", "node1");
			await acts.rolledOut("statefulset/main-registry");
			await isReady("registry/main");
			await puller.more(3);
			hasFailed();
		});

		it("goes on without any operator, and pods come back all the same", async () => {
			await helm("upgrade", "--set", "replicas=0");
			await eventually(async () => assert.deepEqual(await operators(), []), LONG_MS);
			const [gone] = await replicas();
			await nodes.kubectl("delete", "pod", gone?.name ?? "", ...HERE);
			await rolledOut();
			assert.equal(await runIn("alone", `${MAIN}/web/app:first`, "app", "node2"), `${first.greeting}\n`);
			await puller.more(3);
			hasFailed();
		});

		it("has the release upgraded to other values, and uninstalled, with the registries left as they are", async () => {
			await helm("upgrade", "--set", "replicas=1", "--set", "logLevel=debug");
			const path = ".spec.template.spec.containers[0].env[?(@.name=='LIMANI_OPERATOR_LOG')].value";
			assert.equal(await textAt(path, "--namespace", SYSTEM, "deployment", "limani"), "debug");
			await nodes.kubectl("wait", "--for=condition=Ready", ...HERE, LONG, "registry/main", "registry/shared");
			await nodes.helm("uninstall", "limani", "--namespace", SYSTEM, "--wait", LONG);
			await eventually(async () => assert.deepEqual(await operators(), []), LONG_MS);
			assert.equal(await runIn("unmanaged", `${MAIN}/web/app:second`, "app", "node1"), `${second.greeting}\n`);
			await puller.more(3);
			hasFailed();
		});

		it("has pulled all the while", async (test) => {
			await puller[Symbol.asyncDispose]();
			const { pulls } = puller.pulled();
			test.diagnostic(`${pulls} pulls, none failed`);
			hasFailed();
		});
	});

	it("keeps what was pushed when a Registry is deleted, and has it again under the same name", async () => {
		await helm("install", "--set", "replicas=1");
		await nodes.kubectl("delete", ...HERE, LONG, "project/web", "robotaccount/ci", "registry/main");
		await nodes.kubectl("wait", ...HERE, "--for=delete", LONG, "pod/main-registry-0");
		assert.equal(await textAt(".status.phase", ...HERE, "pvc", "data-main-registry-0"), "Bound");
		await nodes.apply(ONE_REPLICA);
		await isReady("registry/main", "project/web", "robotaccount/ci");
		assert.equal(await runIn("returned", `${MAIN}/web/app:first`, "app", "node1"), `${first.greeting}\n`);
	});

	classVolumeSuite(() => ({ nodes, acts, images: { apart: first, usual: second } }));
	migrationSuite(() => {
		const authorityFile = join(nodes.folder, "trusted", "ca.crt");
		const inside = async (test: TestContext) => (await database(test)).inside;
		return { nodes, acts, old: first, endpoint, database: inside, authority: authorityFile };
	});
	bundleSuite(() => {
		const registries = { main: "deployment", shared: "deployment", tenants: "statefulset" } as const;
		return { nodes, acts, image, registries };
	});

	it("has a kubelet pull although a zone was lost with all that ran there", async () => {
		nodes.trust(SHARED);
		assert.ok((await replicas()).some(({ node }) => node === "node2"));
		await nodes.cutOff("node2");
		// That it ended well is what its image says: nobody else has it, and what it wrote is not asked for amid the loss.
		await nodes.apply(podOf("lost", { image: `${SHARED}/apps/app:2`, account: "app", node: "node1" }));
		await nodes.kubectl("wait", ...HERE, "--for=jsonpath={.status.phase}=Succeeded", LONG, "pod/lost");
	});
});

/** Of the first process of a container, as the kernel has it. */
const STATUS = `require("fs").readFileSync("/proc/1/status", "utf8")`;
