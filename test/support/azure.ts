import { randomUUID } from "node:crypto";
import { BlobServiceClient, type ContainerClient } from "@azure/storage-blob";
import { type AzureStoreDeps, type AzureStoreOpts, connectAzureStore, openAzureStore } from "#/storage/azure/index.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import type { BlobStoreHarness } from "../conformance/blob-store.ts";
import { type PrivateEmulator, privateEmulator } from "./emulators.ts";

/** The container that every emulator has. */
export const azureContainer = "limani";

/** Small, so that few bytes make many blocks. */
export const AZURE_BLOCK_BYTES = 4 * 1024 * 1024;

/** An Azurite of the test file's own; its address is a connection string. */
export function privateAzurite(): PrivateEmulator {
	return privateEmulator("azurite", "azurite", [], async (connectionString) => {
		await containerOf(connectionString).create();
	});
}

/** The container, behind the driver's back. */
export function containerOf(connectionString: string): ContainerClient {
	return BlobServiceClient.fromConnectionString(connectionString).getContainerClient(azureContainer);
}

/** One field of a connection string. */
export function fieldOf(connectionString: string, name: string): string {
	const field = connectionString.split(";").find((text) => text.startsWith(`${name}=`));
	if (field === undefined) throw new Error(`no ${name}`);
	return field.slice(name.length + 1);
}

/** The settings of a store in the container, with what differs from the tests' usual ones. */
export function azureOpts(connectionString: string, opts: Partial<AzureStoreOpts> = {}): AzureStoreOpts {
	return {
		container: azureContainer,
		prefix: "",
		account: { connectionString },
		redirect: false,
		blockSize: AZURE_BLOCK_BYTES,
		...opts,
	};
}

/** What the tests' stores work with. */
export function azureDeps(deps: Partial<AzureStoreDeps> = {}): AzureStoreDeps {
	return { budget: new ByteBudget(64 * 1024 * 1024), newId: randomUUID, now: Date.now, ...deps };
}

/** Opens a store in the container. */
export function openTestAzure(
	connectionString: string,
	opts: Partial<AzureStoreOpts> = {},
	deps: Partial<AzureStoreDeps> = {},
): Promise<BlobStore> {
	return openAzureStore(azureOpts(connectionString, opts), azureDeps(deps), new AbortController().signal);
}

/** Changes one bit of a blob. */
export async function corruptBlob(container: ContainerClient, name: string): Promise<void> {
	const blob = container.getBlockBlobClient(name);
	const bytes = await blob.downloadToBuffer();
	const at = bytes.byteLength >> 1;
	bytes[at] = (bytes[at] ?? 0) ^ 1;
	await blob.uploadData(bytes);
}

/** Loses the uncommitted blocks of a blob. The service has no way to lose one alone. */
export async function loseBlocks(container: ContainerClient, name: string): Promise<void> {
	const blob = container.getBlockBlobClient(name);
	await blob.upload("", 0);
	await blob.delete();
}

/** The connection string with a key that is well-formed and wrong. */
export function withWrongKey(connectionString: string): string {
	const wrong = Buffer.alloc(64, 7).toString("base64");
	return connectionString.replace(`AccountKey=${fieldOf(connectionString, "AccountKey")}`, `AccountKey=${wrong}`);
}

/**
 * The driver under test on an Azurite.
 *
 * @param past where the stores under test connect, when not to Azurite itself
 */
export async function openAzureHarness(connectionString: string, past = connectionString): Promise<BlobStoreHarness> {
	const prefix = "conformance/";
	const container = containerOf(connectionString);
	const stores: BlobStore[] = [];
	const kept = (store: BlobStore): BlobStore => {
		stores.push(store);
		return store;
	};
	return {
		store: kept(await openTestAzure(past, { prefix })),
		reopen: async () => kept(await openTestAzure(past, { prefix })),
		corrupt: (key) => corruptBlob(container, prefix + key),
		dropPart: (key) => loseBlocks(container, prefix + key),
		openDenied: async () => kept(connectAzureStore(azureOpts(withWrongKey(past), { prefix }), azureDeps()).store),
		[Symbol.asyncDispose]: async () => {
			for (const store of stores) await store[Symbol.asyncDispose]();
		},
	};
}
