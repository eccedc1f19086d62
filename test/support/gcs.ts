import { randomUUID } from "node:crypto";
import type { BlobStore, WriterState } from "#/storage/blob-store.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import { type GcsStoreDeps, type GcsStoreOpts, openGcsStore } from "#/storage/gcs/index.ts";
import type { BlobStoreHarness } from "../conformance/blob-store.ts";
import { type PrivateEmulator, privateEmulator } from "./emulators.ts";

/** The bucket that every emulator has. */
export const gcsBucket = "limani";

/** Small, so that few bytes make many parts. */
export const GCS_PART_BYTES = 4 * 1024 * 1024;

/** A fake-gcs-server of the test file's own; its address is the endpoint. */
export function privateGcs(): PrivateEmulator {
	return privateEmulator("fake-gcs-server", "gcs", [gcsBucket], async () => undefined);
}

/** Opens a store in the bucket, with what differs from the tests' usual settings. */
export function openTestGcs(
	endpoint: string,
	opts: Partial<GcsStoreOpts> = {},
	deps: Partial<GcsStoreDeps> = {},
): Promise<BlobStore> {
	return openGcsStore(
		{
			bucket: gcsBucket,
			prefix: "",
			apiEndpoint: endpoint,
			redirect: false,
			partSize: GCS_PART_BYTES,
			...opts,
		},
		{ budget: new ByteBudget(64 * 1024 * 1024), newId: randomUUID, now: Date.now, random: Math.random, ...deps },
		new AbortController().signal,
	);
}

/** What tests do to a bucket behind the driver's back. */
export class BehindGcs {
	readonly #endpoint: string;

	constructor(endpoint: string) {
		this.#endpoint = endpoint;
	}

	async get(name: string): Promise<Buffer<ArrayBuffer>> {
		const answer = await fetch(`${this.#objects}/${encodeURIComponent(name)}?alt=media`);
		if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
		return Buffer.from(await answer.arrayBuffer());
	}

	async put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
		const path = `/upload/storage/v1/b/${gcsBucket}/o?uploadType=media&name=${encodeURIComponent(name)}`;
		const answer = await fetch(this.#endpoint + path, { method: "POST", body: bytes });
		if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
	}

	async remove(name: string): Promise<void> {
		const answer = await fetch(`${this.#objects}/${encodeURIComponent(name)}`, { method: "DELETE" });
		if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
	}

	/** Changes one bit of an object. */
	async corrupt(name: string): Promise<void> {
		const bytes = await this.get(name);
		const at = bytes.byteLength >> 1;
		bytes[at] = (bytes[at] ?? 0) ^ 1;
		await this.put(name, bytes);
	}

	/** The names of all objects that start so, parts included. */
	async names(prefix: string): Promise<string[]> {
		const answer = await fetch(`${this.#objects}?prefix=${encodeURIComponent(prefix)}`);
		const page: { items?: { name: string }[] } = JSON.parse(await answer.text());
		return (page.items ?? []).map(({ name }) => name);
	}

	get #objects(): string {
		return `${this.#endpoint}/storage/v1/b/${gcsBucket}/o`;
	}
}

/** The name of the first part that a writer's state tells of. */
export function firstPartOf(name: string, state: WriterState): string {
	const first: unknown = Array.isArray(state.parts) ? state.parts[0] : undefined;
	const id: unknown = Array.isArray(first) ? first[0] : undefined;
	if (typeof id !== "string") throw new Error("no part");
	return `${name}!${id}`;
}

/**
 * The driver under test on a fake-gcs-server, which takes any credentials.
 *
 * @param past where the stores under test connect, when not to the server itself
 */
export async function openGcsHarness(endpoint: string, past = endpoint): Promise<BlobStoreHarness> {
	const prefix = "conformance/";
	const behind = new BehindGcs(endpoint);
	const stores: BlobStore[] = [];
	const open = async (): Promise<BlobStore> => {
		const store = await openTestGcs(past, { prefix });
		stores.push(store);
		return store;
	};
	return {
		store: await open(),
		reopen: open,
		corrupt: (key) => behind.corrupt(prefix + key),
		dropPart: (key, state) => behind.remove(firstPartOf(prefix + key, state)),
		[Symbol.asyncDispose]: async () => {
			for (const store of stores) await store[Symbol.asyncDispose]();
		},
	};
}
