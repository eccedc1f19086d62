import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import { bodyOf } from "./bodies.ts";
import { forever, type Instance, pullBlob } from "./registry.ts";

/** An upload of which a client knows. */
export interface KnownUpload {
	readonly id: string;
	readonly repository: string;
	/** Everything the client has sent, or was about to. */
	sent: string;
	/** How much of it was acknowledged. */
	acknowledged: number;
	/** From the first moment of it on, the upload may be over. */
	ending: "no" | "finished" | "cancelled";
	/**
	 * How often its end was begun since bytes of it were acknowledged. The first beginning may have made an object of
	 * them that is no blob; the upload then is unknown to whoever comes next, and its client pushes anew.
	 */
	finishes: number;
}

/** What clients of a registry were told, and so what must be true after a power cut. */
export class PowerCutPushes {
	/** Content by repository and digest. */
	readonly #blobs = new Map<string, { readonly repository: string; readonly content: string }>();
	readonly #manifests = new Map<string, { readonly repository: string; readonly digest: Digest }>();
	readonly uploads = new Set<KnownUpload>();
	/** Blobs, chunks and manifests. */
	acknowledged = 0;

	answerBlob(repository: string, content: string): void {
		this.acknowledged++;
		this.#blobs.set(`${repository} ${digestOf(Buffer.from(content))}`, { repository, content });
	}

	answerChunk(upload: KnownUpload, offset: number): void {
		this.acknowledged++;
		assert.equal(offset, upload.sent.length);
		upload.acknowledged = offset;
		upload.finishes = 0;
	}

	answerManifest(repository: string, digest: Digest): void {
		this.acknowledged++;
		this.#manifests.set(`${repository} ${digest}`, { repository, digest });
	}

	/** Acknowledged blobs. */
	blobs(): readonly { readonly repository: string; readonly content: string }[] {
		return [...this.#blobs.values()];
	}

	/** Checks an instance that was started after the cut. */
	async verify(instance: Instance): Promise<void> {
		for (const { repository, content } of this.#blobs.values()) await assertBlob(instance, repository, content);
		for (const { repository, digest } of this.#manifests.values()) {
			const { payload } = await instance.registry.manifests.get(repository, { kind: "digest", digest }, forever);
			assert.equal(digestOf(payload), digest);
			for (const [blob] of Buffer.from(payload)
				.toString()
				.matchAll(/sha256:[0-9a-f]{64}/g)) {
				const content = await pullBlob(instance, repository, blob as Digest);
				assert.equal(digestOf(content), blob, `a blob of the manifest ${digest}`);
			}
		}
	}

	/** Looks where each upload stands, and drops those that are over. */
	async reconcile(instance: Instance): Promise<void> {
		for (const upload of this.uploads) {
			const { repository, id, sent, acknowledged, ending, finishes } = upload;
			try {
				const { offset } = await instance.registry.uploads.status(repository, id, forever);
				assert.ok(offset >= acknowledged && offset <= sent.length, `${offset} bytes of ${acknowledged}`);
				upload.acknowledged = offset;
				upload.sent = sent.slice(0, offset);
				upload.ending = "no";
				// Its end had begun: a client that asked to be rid of it asks again.
				if (ending === "cancelled") await this.cancel(instance, upload);
			} catch (error) {
				if (!isUnknown(error)) throw error;
				const mayBeOver = ending !== "no" || finishes > 0;
				assert.ok(mayBeOver, `the upload ${id} with ${acknowledged} acknowledged bytes is gone`);
				this.uploads.delete(upload);
				if (ending === "finished" && finishes === 1) await assertBlob(instance, repository, sent);
			}
		}
	}

	/** Ends an upload with its last bytes. */
	finish(instance: Instance, upload: KnownUpload, rest: string): Promise<void> {
		return this.#unlessOver(upload, () => this.#finish(instance, upload, rest));
	}

	/** Sends one more chunk. */
	append(instance: Instance, upload: KnownUpload, chunk: string): Promise<void> {
		return this.#unlessOver(upload, () => this.#append(instance, upload, chunk));
	}

	async #unlessOver(upload: KnownUpload, work: () => Promise<void>): Promise<void> {
		const wasBegun = upload.finishes > 0;
		try {
			await work();
		} catch (error) {
			if (!wasBegun || !isUnknown(error)) throw error;
			this.uploads.delete(upload);
		}
	}

	async #finish({ registry }: Instance, upload: KnownUpload, rest: string): Promise<void> {
		const { id, repository, acknowledged } = upload;
		upload.sent = upload.sent.slice(0, acknowledged) + rest;
		upload.ending = "finished";
		upload.finishes++;
		const digest = digestOf(Buffer.from(upload.sent));
		await whenFree(() =>
			registry.uploads.finish({ repository, id, digest, actor: "user:test" }, bodyOf(rest), forever),
		);
		this.uploads.delete(upload);
		this.answerBlob(repository, upload.sent);
	}

	async #append({ registry }: Instance, upload: KnownUpload, chunk: string): Promise<void> {
		const { id, repository } = upload;
		upload.sent += chunk;
		const { offset } = await whenFree(() =>
			registry.uploads.append({ repository, id }, bodyOf(...(chunk.match(/.{1,700}/g) ?? [])), forever),
		);
		this.answerChunk(upload, offset);
	}

	/** Gives an upload up. */
	async cancel({ registry }: Instance, upload: KnownUpload): Promise<void> {
		upload.ending = "cancelled";
		await whenFree(() => registry.uploads.cancel(upload.repository, upload.id, forever));
		this.uploads.delete(upload);
	}
}

const isUnknown = (error: unknown): boolean => error instanceof OciError && error.code === "BLOB_UPLOAD_UNKNOWN";

const assertBlob = async (instance: Instance, repository: string, content: string): Promise<void> => {
	const bytes = await pullBlob(instance, repository, digestOf(Buffer.from(content)));
	assert.equal(bytes.toString(), content, `a blob of ${repository}`);
};

/** Tries again while the holder that died with the power still has its lease. */
const whenFree = async <T>(work: () => Promise<T>): Promise<T> => {
	for (let attempt = 0; ; attempt++) {
		try {
			return await work();
		} catch (error) {
			if (attempt === 100 || !(error instanceof OciError) || !/another request/.test(error.message)) throw error;
			await sleep(20);
		}
	}
};
