// Backups as resources, from a push to a registry that has it back: real controllers over a Kubernetes API, and real
// registries.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import winston from "winston";
import { type Backup, backupKind, parseBackup } from "#/api/kinds/backup.ts";
import { backupScheduleKind } from "#/api/kinds/backup-schedule.ts";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { AllottedAddresses } from "#/app/standalone/allotted-addresses.ts";
import { StandaloneActuator } from "#/app/standalone/standalone-actuator.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { NAMESPACES, type ResourceType, SECRETS } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { freePorts } from "../../support/free-ports.ts";
import { put, remove } from "../../support/operator-operations.ts";
import { eventually, inWorld, openWorld, type World } from "../../support/operator-world.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
const IMAGES = 12;
const STEADY_MS = 3_000;
const RESTORE_MS = 120_000;

const soon = (): AbortSignal => AbortSignal.timeout(30_000);

const find = ({ user }: World, type: ResourceType, name: string) =>
	user.find(type, { namespace: "apps", name }, soon());

const statusOf = async (world: World, type: ResourceType, name: string) =>
	Object((await find(world, type, name))?.status);

const readyOf = (object: KubeObject | undefined) =>
	object === undefined ? undefined : findCondition(conditionsOf(object), "Ready");

/** Waits until it is Ready; tells how long that took, milliseconds. */
const becomesReady = async (world: World, type: ResourceType, name: string): Promise<number> => {
	const from = performance.now();
	await eventually(async () => {
		const ready = readyOf(await find(world, type, name));
		return ready?.status === "True" ? [] : [`${type.kind} ${name} is not Ready: ${ready?.message}`];
	}, RESTORE_MS);
	return performance.now() - from;
};

interface Client {
	readonly origin: string;
	readonly headers: { readonly authorization?: string };
}

/** As who pushes, by the Secret of the robot. */
const robotClient = async (world: World): Promise<Client> => {
	const { data } = Object(await find(world, SECRETS, "pusher"));
	const { auths } = JSON.parse(Buffer.from(String(data[".dockerconfigjson"]), "base64").toString());
	const [host = ""] = Object.keys(auths);
	return { origin: `http://${host}`, headers: { authorization: `Basic ${auths[host].auth}` } };
};

/** As somebody without a name, who may pull what is public. */
const anybody = async (world: World, registry: string): Promise<Client> => ({
	origin: String((await statusOf(world, registryKind, registry)).url),
	headers: {},
});

const pushBlob = async ({ origin, headers }: Client, bytes: Buffer): Promise<Digest> => {
	const begun = await fetch(`${origin}/v2/web/app/blobs/uploads/`, { method: "POST", headers });
	assert.equal(begun.status, 202, await begun.text());
	const location = new URL(begun.headers.get("location") ?? "", origin);
	location.searchParams.set("digest", digestOf(bytes));
	const ended = await fetch(location, { method: "PUT", headers, body: bytes });
	assert.equal(ended.status, 201, await ended.text());
	return digestOf(bytes);
};

/** Pushes an image of its own content; its digest. */
const pushImage = async (client: Client, tag: string): Promise<string> => {
	const blobs = [Buffer.from(JSON.stringify({ tag })), randomBytes(20_000)];
	const [config, layer] = await Promise.all(
		blobs.map(async (bytes, i) => ({
			mediaType: `application/vnd.oci.image.${i === 0 ? "config.v1+json" : "layer.v1.tar"}`,
			size: bytes.length,
			digest: await pushBlob(client, bytes),
		})),
	);
	const body = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers: [layer] });
	const headers = { ...client.headers, "content-type": MANIFEST_TYPE };
	const tagged = await fetch(`${client.origin}/v2/web/app/manifests/${tag}`, { method: "PUT", headers, body });
	assert.equal(tagged.status, 201, await tagged.text());
	return digestOf(Buffer.from(body));
};

/** The digests of all tags, each read whole with all of its blobs. */
const readAll = async ({ origin, headers }: Client): Promise<ReadonlyMap<string, string>> => {
	const get = async (path: string): Promise<Buffer> => {
		const answer = await fetch(`${origin}/v2/web/app/${path}`, { headers: { ...headers, accept: MANIFEST_TYPE } });
		const bytes = Buffer.from(await answer.arrayBuffer());
		assert.equal(answer.status, 200, `${path}: ${bytes.toString()}`);
		return bytes;
	};
	const { tags } = JSON.parse((await get("tags/list")).toString());
	const found = new Map<string, string>();
	for (const tag of tags) {
		const manifest = await get(`manifests/${tag}`);
		const { config, layers } = JSON.parse(manifest.toString());
		for (const { digest } of [config, ...layers]) assert.equal(digestOf(await get(`blobs/${digest}`)), digest);
		found.set(tag, digestOf(manifest));
	}
	return found;
};

/** A world with a registry that has a place for its backups, and somebody who pushes. */
const open = async (directory: string) => {
	await using opening = new AsyncDisposableStack();
	const actuator = opening.use(
		new StandaloneActuator({
			cluster: { apiServer: "https://127.0.0.1:1" },
			directory: join(directory, "registries"),
			archives: join(directory, "archives"),
			addresses: new AllottedAddresses({
				file: join(directory, "addresses.json"),
				first: { host: "127.0.0.1", port: await freePorts(4) },
				reserved: new Set(),
			}),
			logger: winston.createLogger({ silent: true }),
			logRequests: false,
			version: "1.0.0",
			surroundings: {},
		}),
	);
	const world = opening.use(await openWorld({ speed: 1, actuator }));
	await put(world, NAMESPACES, "apps", {});
	const backup = { archive: { filesystem: {} }, journalInterval: "1s" };
	await put(world, registryKind, "apps/main", { spec: { backup, deletionPolicy: "Delete" } });
	await put(world, projectKind, "apps/web", { spec: { registryRef: { name: "main" }, visibility: "Public" } });
	const permissions = [{ project: "web", actions: ["pull", "push"] }];
	await put(world, robotAccountKind, "apps/pusher", { spec: { registryRef: { name: "main" }, permissions } });
	await becomesReady(world, robotAccountKind, "pusher");
	const open = opening.move();
	return { world, actuator, [Symbol.asyncDispose]: () => open.disposeAsync() };
};

const backupOf = async (world: World, name: string): Promise<Backup> => {
	const parsed = parseBackup((await find(world, backupKind, name)) ?? assert.fail());
	return "resource" in parsed ? parsed.resource : assert.fail(parsed.invalid);
};

/** Has a schedule make the first Backup, and kills the operator meanwhile; its name. */
const backUp = async (world: World): Promise<string> => {
	const schedule = { registryRef: { name: "main" }, schedule: "0 3 1 1 *", immediate: true };
	await put(world, backupScheduleKind, "apps/nightly", { spec: schedule });
	world.kill();
	await world.restart();
	await eventually(async () => {
		const { lastBackup, conditions = [] } = await statusOf(world, backupScheduleKind, "nightly");
		return lastBackup?.outcome === "Succeeded" ? [] : [JSON.stringify({ lastBackup, conditions })];
	}, RESTORE_MS);
	const { items } = await world.user.list(backupKind, { namespace: "apps", limit: 9 }, soon());
	assert.equal(items.length, 1);
	return items[0]?.metadata.name ?? assert.fail();
};

/** Pushes for some seconds, and notes the digests; when each was acknowledged, milliseconds since the epoch, in order. */
const pushSteadily = async (
	client: Client,
	series: string,
	digests: Map<string, string>,
): Promise<ReadonlyMap<string, number>> => {
	const pushedAt = new Map<string, number>();
	for (const from = Date.now(); Date.now() - from < STEADY_MS; ) {
		const tag = `${series}-${pushedAt.size}`;
		digests.set(tag, await pushImage(client, tag));
		pushedAt.set(tag, Date.now());
		await sleep(100);
	}
	return pushedAt;
};

/** Waits until the archive has every change up to an instant, milliseconds since the epoch. */
const isShipped = async ({ world, actuator }: Awaited<ReturnType<typeof open>>, at: number): Promise<void> => {
	const { uid = "" } = (await find(world, registryKind, "main"))?.metadata ?? {};
	await eventually(async () => {
		const state = await actuator.observe({ uid, namespace: "apps", name: "main" });
		const until = (await state?.control?.archive({}, soon()))?.archive?.shippedUntil ?? 0;
		return until > at ? [] : [`the archive has what changed until ${until}, not until ${at}`];
	}, RESTORE_MS);
};

test(
	"what a schedule backed up comes back in other registries: as of the Backup, and as of the end of a lost one",
	inWorld(async (t) => {
		const directory = temporaryDirectory(t);
		await using bench = await open(directory);
		const { world } = bench;
		const client = await robotClient(world);
		const pushed = new Map<string, string>();
		for (let i = 0; i < IMAGES; i++) pushed.set(`before-${i}`, await pushImage(client, `before-${i}`));
		const name = await backUp(world);
		const { status } = await backupOf(world, name);
		assert.equal(status.copied?.blobs, IMAGES * 2);
		assert.ok((status.copied?.bytes ?? 0) >= IMAGES * 20_000);
		assert.ok(status.backupId !== undefined && status.recoveryPoint !== undefined && status.error === undefined);

		await eventually(async () => {
			const main = await statusOf(world, registryKind, "main");
			const isTold = main.firstRecoverabilityPoint !== undefined && main.lastSuccessfulBackup !== undefined;
			return isTold ? [] : ["the Registry tells nothing of its backups"];
		}, RESTORE_MS);

		const later = new Map([...pushed, ["later", await pushImage(client, "later")]]);
		const bootstrap = { recovery: { backupRef: { name } } };
		await put(world, registryKind, "apps/second", { spec: { bootstrap } });
		const secondMs = await becomesReady(world, registryKind, "second");
		assert.deepEqual(await readAll(await anybody(world, "second")), pushed);
		// The instant that is told is one that can be had, though it is the first of all.
		const { firstRecoverabilityPoint: to } = await statusOf(world, registryKind, "main");
		assert.equal(to, status.recoveryPoint);
		await put(world, registryKind, "apps/told", { spec: { bootstrap: { recovery: { backupRef: { name }, to } } } });
		await becomesReady(world, registryKind, "told");
		assert.deepEqual(await readAll(await anybody(world, "told")), pushed);

		const kept = await pushSteadily(client, "kept", later);
		await isShipped(bench, Math.max(...kept.values()));
		const pushedAt = await pushSteadily(client, "last", later);
		// The registry is lost with all that it held, in the middle of its work, but for its archive as it is now.
		const lostAt = Date.now();
		renameSync(join(directory, "archives", "apps", "main-backup"), join(directory, "archives", "apps", "left"));
		for (const [kind, key] of [
			[backupScheduleKind, "nightly"],
			[robotAccountKind, "pusher"],
			[projectKind, "web"],
			[registryKind, "main"],
		] as const) {
			await remove(world, kind, `apps/${key}`);
			await eventually(async () => ((await find(world, kind, key)) === undefined ? [] : [`${key} is there`]));
		}
		await put(world, registryKind, "apps/third", {
			spec: { bootstrap: { recovery: { archive: { filesystem: { claimName: "left" } } } } },
		});
		const thirdMs = await becomesReady(world, registryKind, "third");
		const found = await readAll(await anybody(world, "third"));
		for (const [tag, digest] of found) assert.equal(digest, later.get(tag), tag);
		for (const tag of [...pushed.keys(), "later", ...kept.keys()]) assert.ok(found.has(tag), tag);
		// What it holds waits for the owner, who has the same name as ever, and for nobody else.
		const claimed = { registryRef: { name: "third" }, projectName: "web", visibility: "Public" };
		await put(world, projectKind, "apps/stranger", { spec: claimed });
		await eventually(async () => {
			const ready = readyOf(await find(world, projectKind, "stranger"));
			return ready?.reason === "NameTaken" ? [] : [`a stranger is ${ready?.reason}: ${ready?.message}`];
		});
		await put(world, projectKind, "apps/web", { spec: claimed });
		await becomesReady(world, projectKind, "web");
		assert.deepEqual(await readAll(await anybody(world, "third")), found);
		const lost = [...pushedAt].filter(([tag]) => !found.has(tag));
		assert.deepEqual(lost, [...pushedAt].slice(pushedAt.size - lost.length), "only the end can be lost");
		const rpoMs = lost.length === 0 ? 0 : lostAt - Math.min(...lost.map(([, at]) => at));
		t.diagnostic(
			`RPO ${rpoMs} ms (${lost.length} of the last ${pushedAt.size} pushes lost, journalInterval 1 s); ` +
				`RTO ${Math.round(secondMs)} ms by backupRef, ${Math.round(thirdMs)} ms from the archive, ${found.size} images`,
		);
		assert.match(readyOf(await find(world, backupKind, name))?.message ?? "", /^restores /);
		await remove(world, backupKind, `apps/${name}`);
		await eventually(async () => ((await find(world, backupKind, name)) === undefined ? [] : [`${name} is there`]));
		assert.deepEqual(world.watcher.faults, []);
	}),
);
