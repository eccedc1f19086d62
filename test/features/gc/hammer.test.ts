import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Collector } from "#/features/gc/index.ts";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import { OCI_MANIFEST } from "#/oci/media-types.ts";
import { systemClock } from "#/registry/clock.ts";
import type { RegistryEvent } from "#/registry/report.ts";
import { Sweeper } from "#/registry/sweeper.ts";
import { bodyOf } from "../../support/bodies.ts";
import {
	forever,
	type Instance,
	imageOf,
	openRegistryHarness,
	pullBlob,
	pushBlob,
	type RegistryHarness,
} from "../../support/registry.ts";
import { randomBelow, seededRandom } from "../../support/seeded-random.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
/** Seconds. */
const DURATION = Number(process.env.DURATION ?? 6);
const DELAY_MS = 1_000;
/** Whoever was told of a blob has half of the delay; less here, since the clients are on one thread with everything. */
const PROMISED_MS = 350;

const NAMES = ["p/1", "p/2", "q/1", "q/2"] as const;
const TEXTS = Array.from({ length: 20 }, (_, index) => `blob ${index.toString(2)}`);
const actor = "user:test";

const isUnknown = (error: unknown): boolean =>
	error instanceof OciError && ["BLOB_UNKNOWN", "NAME_UNKNOWN", "MANIFEST_UNKNOWN"].includes(error.code);

/** True when it worked; false when the thing is not there. */
const whether = async (work: Promise<unknown>): Promise<boolean> => {
	try {
		await work;
		return true;
	} catch (error) {
		if (isUnknown(error)) return false;
		throw error;
	}
};

/** What a client does to exactly the blobs that are being collected. */
class Client {
	readonly #on: Instance;
	readonly #harness: RegistryHarness;
	/** What must not have failed and did, and how often each act was put to the test. */
	readonly failures: string[] = [];
	readonly counts = { named: 0, mounted: 0, pulled: 0, pushed: 0 };

	constructor(harness: RegistryHarness) {
		this.#harness = harness;
		this.#on = harness.instance({ gcDelayMs: DELAY_MS });
	}

	/** As docker does: asks for the blob, pushes it if it is not there, and names it in a manifest. */
	async image(name: string, text: string): Promise<void> {
		const digest = digestOf(Buffer.from(text));
		const from = performance.now();
		if (!(await whether(this.#on.registry.blobs.stat(name, digest, forever)))) {
			this.counts.pushed += 1;
			await pushBlob(this.#on, name, text);
		}
		await this.#promised(from, `${name} ${text} was told of and could not be named`, () => this.#put(name, text));
		this.counts.named += 1;
	}

	/** Mounts the blob, and names it in a manifest of the other repository. */
	async mount(name: string, text: string, source: string): Promise<void> {
		const digest = digestOf(Buffer.from(text));
		const from = performance.now();
		const outcome = await this.#harness.metadata.blobs.mount(name, digest, source, actor);
		if (!("mounted" in outcome && outcome.mounted)) return;
		await this.#promised(from, `${name} ${text} was mounted and could not be named`, () => this.#put(name, text));
		this.counts.mounted += 1;
	}

	/** Pulls the blob if it is there. */
	async pull(name: string, text: string): Promise<void> {
		const digest = digestOf(Buffer.from(text));
		const from = performance.now();
		if (!(await whether(this.#on.registry.blobs.stat(name, digest, forever)))) return;
		await this.#promised(from, `${name} ${text} was told of and could not be pulled`, async () => {
			assert.equal((await pullBlob(this.#on, name, digest)).toString(), text);
		});
		this.counts.pulled += 1;
	}

	/** Takes the manifest away that uses the blob. */
	async remove(name: string, text: string): Promise<void> {
		const reference = { kind: "digest", digest: manifestOf(text) } as const;
		await whether(this.#on.registry.manifests.remove(name, reference, undefined, actor, forever));
	}

	/** Every manifest that is there has its blob, bytes and all. */
	async checkManifests(): Promise<void> {
		for (const name of NAMES) {
			for (const text of TEXTS) {
				const reference = { kind: "digest", digest: manifestOf(text) } as const;
				const found = await this.#harness.metadata.manifests.find(name, reference, { payload: false });
				if (found?.manifest === undefined) continue;
				assert.equal((await pullBlob(this.#on, name, digestOf(Buffer.from(text)))).toString(), text);
			}
		}
	}

	async #put(name: string, text: string): Promise<void> {
		const push = { repository: name, reference: { kind: "digest", digest: manifestOf(text) }, tags: [] } as const;
		const input = { ...push, contentType: OCI_MANIFEST, condition: undefined, actor };
		await this.#on.registry.manifests.put(input, bodyOf(imageOf(text)), forever);
	}

	/** What was promised must hold, unless the client itself was too slow. */
	async #promised(from: number, failure: string, work: () => Promise<void>): Promise<void> {
		try {
			await work();
		} catch (error) {
			if (performance.now() - from < PROMISED_MS) this.failures.push(`${failure}: ${String(error)}`);
		}
	}
}

const manifestOf = (text: string): Digest => digestOf(Buffer.from(imageOf(text)));

/** From here on what is deleted is gone, and its blobs are the collector's. */
const endUndo = async ({ metadata: { controlState } }: RegistryHarness): Promise<void> => {
	const { epoch, base } = await controlState.begin("test");
	const forgetful = (name: string) =>
		({ kind: "Project", uid: `uid-${name}`, generation: 2, spec: { name, undoWindow: 0 } }) as const;
	const change = { epoch, base, upserts: ["p", "q"].map(forgetful), deletes: [] };
	assert.ok("base" in (await controlState.apply(change)));
};

test(`pushes, mounts and pulls of exactly the blobs that are being collected never fail (SEED=${SEED})`, async (context) => {
	await using harness = await openRegistryHarness();
	const { collection, history, objects, outbox, uploads } = harness.metadata;
	await endUndo(harness);
	const failures: unknown[] = [];
	const report = ({ event, error }: RegistryEvent): void => void failures.push(event, error);
	const common = { objects, clock: systemClock, report, holder: "gc" };
	const collected = { link: 0, blob: 0 };
	const meter = {
		collected: (kind: "link" | "blob", batch: { readonly collected: number }) => {
			collected[kind] += batch.collected;
		},
		planned: () => undefined,
	};
	const rates = { delayMs: DELAY_MS, intervalMs: 2, rate: 1e6, batch: 5 };
	const collector = new Collector({ ...common, collection, outbox, meter }, rates);
	const sweeper = new Sweeper({ ...common, history, uploads, stores: harness.stores }, { intervalMs: 2 });
	const controller = new AbortController();
	const running = [collector.run(controller.signal), sweeper.run(controller.signal)];
	const random = seededRandom(SEED);
	const any = (of: readonly string[]): string => of[randomBelow(random, of.length)] ?? assert.fail();
	const clients = Array.from({ length: 12 }, () => new Client(harness));
	const end = performance.now() + DURATION * 1000;
	const isTried = (): boolean => collected.link > 10 && collected.blob > 5;
	// A slow machine gets more time, until something was tried.
	const goesOn = (): boolean => performance.now() < (isTried() ? end : end + 60_000);
	await Promise.all(
		clients.map(async (client) => {
			while (goesOn()) {
				const [text, act] = [any(TEXTS), random()];
				// Half of the blobs have one repository, so that they go with its link.
				const name = text.endsWith("1") ? any(NAMES) : (NAMES[text.length % NAMES.length] ?? assert.fail());
				await client.image(name, text);
				await client.remove(name, text);
				// Back when the link is about to go, or has just gone, or the blob with it.
				await sleep(DELAY_MS * (0.85 + 0.3 * random()));
				if (act < 0.3) await client.image(name, text);
				else if (act < 0.6) await client.mount(any(NAMES), text, name);
				else await client.pull(name, text);
			}
		}),
	);
	for (const client of clients) failures.push(...client.failures);
	for (const client of clients) await client.checkManifests();
	const wasTried = isTried();
	const tried = JSON.stringify({ ...collected, clients: clients.map(({ counts }) => counts) });
	for (const name of NAMES) for (const text of TEXTS) await clients[0]?.remove(name, text);
	const left = async () => (await objects.list("default", { limit: 99 })).length;
	const patience = AbortSignal.timeout(30_000);
	while ((await left()) > 0 && !patience.aborted) await sleep(20);
	controller.abort();
	await Promise.all(running);
	context.diagnostic(tried);
	assert.deepEqual(failures, []);
	assert.ok(wasTried, `it was put to the test: ${tried}`);
	assert.equal(await left(), 0, "nothing unused outlives its delay");
	await harness.assertSound();
	for (const { project, usage } of await harness.metadata.usages.recount()) {
		assert.deepEqual(await harness.metadata.usages.find(project), usage);
	}
});
