import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import winston from "winston";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { AllottedAddresses } from "#/app/standalone/allotted-addresses.ts";
import { StandaloneActuator } from "#/app/standalone/standalone-actuator.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { NAMESPACES, SECRETS } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { freePorts } from "../../support/free-ports.ts";
import { put } from "../../support/operator-operations.ts";
import { eventually, openWorld } from "../../support/operator-world.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const ROTATIONS = Number(process.env.ROTATIONS ?? 100);
const REF = { namespace: "apps", name: "puller" };
const KEY = "apps/puller";

test(`a pull loop through ${ROTATIONS} rotations with a short grace never fails`, async (t) => {
	const directory = temporaryDirectory(t);
	const first = { host: "127.0.0.1", port: await freePorts(1) };
	await using actuator = new StandaloneActuator({
		cluster: { apiServer: "https://127.0.0.1:1" },
		directory: join(directory, "registries"),
		archives: join(directory, "archives"),
		addresses: new AllottedAddresses({ file: join(directory, "addresses.json"), first, reserved: new Set() }),
		logger: winston.createLogger({ silent: true }),
		logRequests: false,
		version: "1.0.0",
		surroundings: {},
	});
	await using world = await openWorld({ speed: 1, actuator });
	await put(world, NAMESPACES, "apps", {});
	await put(world, registryKind, "apps/main", { spec: {} });
	await put(world, projectKind, "apps/web", { spec: { registryRef: { name: "main" } } });
	const spec = {
		registryRef: { name: "main" },
		permissions: [{ project: "web", actions: ["pull", "push"] }],
		rotation: { gracePeriod: "5s" },
	};
	await put(world, robotAccountKind, KEY, { spec });
	await eventually(async () => {
		const robot = await world.user.find(robotAccountKind, REF, soon());
		const ready = robot === undefined ? undefined : findCondition(conditionsOf(robot), "Ready");
		return ready?.status === "True" ? [] : [`not ready: ${ready?.message}`];
	});
	const image = await push(await readPullSecret(world.user));
	const seen = new Set<string>();
	const failures: string[] = [];
	let pulls = 0;
	let isOver = false;
	const loop = async () => {
		while (!isOver) {
			const held = await readPullSecret(world.user);
			seen.add(held.authorization);
			failures.push(...(await pull(held, image)));
			pulls++;
		}
	};
	const looping = loop();
	for (let i = 0; i < ROTATIONS; i++) {
		const { authorization } = await readPullSecret(world.user);
		const at = `rotation ${i}`;
		await put(
			world,
			robotAccountKind,
			KEY,
			{ spec },
			{ annotations: { "limani.dev/requestedAt": at, "limani.dev/forceAt": at } },
		);
		if (i % 25 === 10) {
			world.kill();
			await world.restart();
		}
		const target = pulls + 2;
		await eventually(async () => {
			const isNew = (await readPullSecret(world.user)).authorization !== authorization;
			return isNew && pulls >= target ? [] : [`rotation ${i} is not done, or nobody pulls`];
		});
	}
	isOver = true;
	await looping;
	assert.deepEqual(failures, []);
	assert.equal(world.minted.length, ROTATIONS + 1);
	assert.deepEqual(world.watcher.faults, []);
	t.diagnostic(`${pulls} pulls with ${seen.size} credentials, none failed`);
});

const soon = (): AbortSignal => AbortSignal.timeout(30_000);

/** Where and how a kubelet pulls. */
interface PullSecret {
	readonly origin: string;
	readonly authorization: string;
}

/** Reads the Secret, as a kubelet does for each pull. */
const readPullSecret = async (client: KubeClient): Promise<PullSecret> => {
	const secret = await client.find(SECRETS, REF, soon());
	const data: unknown = Object(secret?.data)[".dockerconfigjson"];
	const { auths } = JSON.parse(Buffer.from(String(data), "base64").toString());
	const [host = ""] = Object.keys(auths);
	return { origin: `http://${host}`, authorization: `Basic ${auths[host].auth}` };
};

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

interface Image {
	readonly manifest: string;
	readonly blob: string;
}

const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

/** Pushes a small image as `web/app:1`. */
const push = async ({ origin, authorization }: PullSecret): Promise<Image> => {
	const config = Buffer.from("{}");
	const headers = { authorization };
	const begun = await fetch(`${origin}/v2/web/app/blobs/uploads/`, { method: "POST", headers });
	assert.equal(begun.status, 202, await begun.text());
	const location = new URL(begun.headers.get("location") ?? "", origin);
	location.searchParams.set("digest", digestOf(config));
	const blob = await fetch(location, { method: "PUT", headers, body: config });
	assert.equal(blob.status, 201, await blob.text());
	const mediaType = "application/vnd.oci.image.config.v1+json";
	const descriptor = { mediaType, size: config.length, digest: digestOf(config) };
	const manifest = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_TYPE, config: descriptor, layers: [] });
	const tagged = await fetch(`${origin}/v2/web/app/manifests/1`, {
		method: "PUT",
		headers: { ...headers, "content-type": MANIFEST_TYPE },
		body: manifest,
	});
	assert.equal(tagged.status, 201, await tagged.text());
	return { manifest: digestOf(Buffer.from(manifest)), blob: digestOf(config) };
};

/** Pulls the image with a token, as clients do; tells what failed. */
const pull = async ({ origin, authorization }: PullSecret, image: Image): Promise<readonly string[]> => {
	const challenge = await fetch(`${origin}/v2/web/app/manifests/1`);
	await challenge.arrayBuffer();
	const words = challenge.headers.get("www-authenticate") ?? "";
	const [realm, service] = ["realm", "service"].map((word) => new RegExp(`${word}="([^"]*)"`).exec(words)?.[1] ?? "");
	if (challenge.status !== 401 || realm === undefined) return [`not challenged but ${challenge.status}`];
	const query = new URLSearchParams({ service: service ?? "", scope: "repository:web/app:pull" });
	const answer = await fetch(`${realm}?${query}`, { headers: { authorization } });
	if (answer.status !== 200) return [`no token but ${answer.status} ${await answer.text()}`];
	const token: unknown = Object(await answer.json()).token;
	const headers = { authorization: `Bearer ${String(token)}` };
	const paths = [`manifests/1`, `blobs/${image.blob}`];
	const failures: string[] = [];
	for (const path of paths) {
		const got = await fetch(`${origin}/v2/web/app/${path}`, { headers });
		const digest = digestOf(new Uint8Array(await got.arrayBuffer()));
		const isRight = got.status === 200 && (digest === image.manifest || digest === image.blob);
		if (!isRight) failures.push(`${path}: ${got.status}`);
	}
	return failures;
};
