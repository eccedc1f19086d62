import type { Algorithm, Digest } from "#/oci/digest.ts";
import { readDigest } from "#/storage/open-ranges.ts";
import { partIds } from "#/storage/part-id.ts";
import type { Payload } from "#/storage/part-queue.ts";
import type { PartTarget } from "#/storage/part-target.ts";
import type { StoredPart } from "#/storage/parted-state.ts";
import { stagedName } from "#/storage/staged-names.ts";
import type { Bucket } from "./bucket.ts";
import { dropStaged } from "./drop-staged.ts";
import {
	type Component,
	composeObject,
	deleteObject,
	deleteOwnObject,
	insertObject,
	MAX_COMPONENTS,
	type ObjectOfWriter,
	readableObject,
} from "./objects.ts";

/** Requests under way at once while parts are put together. */
const MAX_BESIDE = 8;

/** An object being written: its parts are objects beside it, of which it is composed in the end. */
export class ObjectTarget implements PartTarget {
	readonly key: string;
	/** The service has no bound; this one keeps the upload's row small. */
	readonly maxParts = 50_000;
	readonly #bucket: Bucket;
	readonly #object: ObjectOfWriter;

	constructor(bucket: Bucket, object: ObjectOfWriter) {
		this.key = object.key;
		this.#bucket = bucket;
		this.#object = object;
	}

	putPart(id: string, payload: Payload, signal: AbortSignal): Promise<void> {
		return insertObject(this.#bucket, this.#staged(id), payload, signal);
	}

	dropPart(id: string, signal: AbortSignal): Promise<void> {
		return deleteObject(this.#bucket, stagedName(this.key, id), signal);
	}

	putWhole(payload: Payload, signal: AbortSignal): Promise<void> {
		return insertObject(this.#bucket, this.#object, payload, signal);
	}

	/** Few at a time: groups of parts become larger parts, until they are few enough. */
	async compose(parts: readonly StoredPart[], signal: AbortSignal): Promise<void> {
		const newId = partIds(`${this.#object.writer} composed`);
		let components: Component[] = parts.map(({ id, size }) => ({ key: stagedName(this.key, id), size }));
		while (components.length > MAX_COMPONENTS) {
			const groups = groupsOf(components, MAX_COMPONENTS);
			components = [];
			for (const beside of groupsOf(groups, MAX_BESIDE)) {
				components.push(...(await Promise.all(beside.map((group) => this.#merge(newId(), group, signal)))));
			}
		}
		await composeObject(this.#bucket, this.#object, components, signal);
	}

	readDigest(size: number, algorithm: Algorithm, signal: AbortSignal): Promise<Digest> {
		return readDigest(readableObject(this.#bucket, { key: this.key, size }), algorithm, signal);
	}

	async drop(what: "staged" | "finished", signal: AbortSignal): Promise<void> {
		if (what === "finished") await deleteOwnObject(this.#bucket, this.#object, signal);
		await dropStaged(this.#bucket, this.key, signal);
	}

	async #merge(id: string, group: readonly Component[], signal: AbortSignal): Promise<Component> {
		const merged = this.#staged(id);
		await composeObject(this.#bucket, merged, group, signal);
		return { key: merged.key, size: group.reduce((sum, { size }) => sum + size, 0) };
	}

	#staged(id: string): ObjectOfWriter {
		return { key: stagedName(this.key, id), writer: this.#object.writer };
	}
}

const groupsOf = <T>(values: readonly T[], size: number): T[][] =>
	Array.from({ length: Math.ceil(values.length / size) }, (_, index) => values.slice(index * size, (index + 1) * size));
