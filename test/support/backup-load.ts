// Clients that push to a registry while it is backed up, killed and restored, and what they were told.
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import { OCI_MANIFEST } from "#/oci/media-types.ts";
import { ADMIN_AUTHORIZATION } from "./limani-process.ts";

/** A push that was acknowledged. */
export interface Acknowledged {
	readonly repository: string;
	readonly tag: string;
	readonly digest: string;
	/** When it was sent, and when the answer came, milliseconds since the epoch. */
	readonly sentAt: number;
	readonly at: number;
}

/** Between two images of a client: what is pushed has to be copied, too. */
const PAUSE_MS = 50;

/** Pushes images, each under a new tag and under `latest`, until it is told to stop or the registry dies. */
export class PushLoad {
	/** What was acknowledged, in order. */
	readonly acknowledged: Acknowledged[] = [];
	/** Every digest that a tag was ever asked to point at, by `repository:tag`. */
	readonly asked = new Map<string, Set<string>>();
	readonly #url: string;
	#stopping = false;
	#clients: readonly Promise<void>[] = [];
	#count = 0;

	constructor(url: string) {
		this.#url = url;
	}

	start(clients = 2): void {
		this.#stopping = false;
		this.#clients = Array.from({ length: clients }, (_, i) => this.#client(`team/app${i}`));
	}

	/** Waits until everything that was sent is answered. */
	async stop(): Promise<void> {
		this.#stopping = true;
		await Promise.all(this.#clients);
	}

	/** Waits until so many more pushes were acknowledged, or fails when that takes minutes. */
	async more(count: number): Promise<void> {
		const wanted = this.acknowledged.length + count;
		const deadline = performance.now() + 180_000;
		while (this.acknowledged.length < wanted) {
			if (performance.now() > deadline)
				throw new Error(`${this.acknowledged.length} of ${wanted} pushes after minutes`);
			await sleep(20);
		}
	}

	async #client(repository: string): Promise<void> {
		while (!this.#stopping) {
			const n = this.#count++;
			// It is killed under the load, which ends this client.
			if ((await this.push(repository, `v${n}`, n).catch(() => undefined)) === undefined) return;
			if ((await this.push(repository, "latest", n).catch(() => undefined)) === undefined) return;
			await sleep(PAUSE_MS);
		}
	}

	/** Pushes one image of a layer with `bytes` bytes and notes what came of it. */
	async push(repository: string, tag: string, n: number, bytes = 20_000): Promise<Acknowledged> {
		const layer = Buffer.alloc(bytes, `layer ${n} of ${repository}. `);
		const config = Buffer.from(JSON.stringify({ n, repository }));
		for (const blob of [layer, config]) await this.#pushBlob(repository, blob);
		const manifest = Buffer.from(
			JSON.stringify({
				schemaVersion: 2,
				mediaType: OCI_MANIFEST,
				config: {
					mediaType: "application/vnd.oci.image.config.v1+json",
					digest: digestOf(config),
					size: config.length,
				},
				layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: digestOf(layer), size: layer.length }],
			}),
		);
		const digest = digestOf(manifest);
		const name = `${repository}:${tag}`;
		this.asked.set(name, (this.asked.get(name) ?? new Set()).add(digest));
		const sentAt = Date.now();
		await this.#send("PUT", `/v2/${repository}/manifests/${tag}`, manifest, OCI_MANIFEST);
		const acknowledged = { repository, tag, digest, sentAt, at: Date.now() };
		this.acknowledged.push(acknowledged);
		return acknowledged;
	}

	async #pushBlob(repository: string, blob: Buffer): Promise<void> {
		const path = `/v2/${repository}/blobs/uploads/?digest=${digestOf(blob)}`;
		await this.#send("POST", path, blob, "application/octet-stream");
	}

	async #send(method: string, path: string, bytes: Buffer, type: string): Promise<void> {
		const headers = { authorization: ADMIN_AUTHORIZATION, "content-type": type };
		const response = await fetch(`${this.#url}${path}`, { method, headers, body: Uint8Array.from(bytes) });
		if (response.status !== 201) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
	}
}
