// Clients that push, name, mount, pull, delete and restore exactly the blobs that are being collected.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Metadata } from "#/metadata/metadata.ts";
import { isRefused } from "#/metadata/refusal.ts";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import { OCI_MANIFEST } from "#/oci/media-types.ts";
import type { Registry } from "#/registry/registry.ts";
import { bodyOf } from "../../support/bodies.ts";
import { forever, imageOf, pullBlob, pushBlob } from "../../support/registry.ts";
import { type Random, randomBelow } from "../../support/seeded-random.ts";

/** What is deleted in `q` can be restored for the delay of the collection, what is deleted in `p` is gone. */
const NAMES = ["p/1", "p/2", "q/1", "q/2"] as const;
const TEXTS = Array.from({ length: 20 }, (_, index) => `blob ${index.toString(2)}`);
const actor = "user:test";

/** What the clients work on. */
export interface HammerOn {
	readonly registry: Registry;
	readonly metadata: Pick<Metadata, "blobs" | "manifests" | "history">;
	/** The delay of the collection, milliseconds. */
	readonly delayMs: number;
}

/** How often each act was put to the test. */
export type HammerCounts = Record<"named" | "mounted" | "pulled" | "pushed" | "restored", number>;

/** The projects as they are to be before the clients begin. */
export const hammerProjects = (delayMs: number) =>
	Object.entries({ p: 0, q: delayMs }).map(
		([name, undoWindow]) =>
			({ kind: "Project", uid: `uid-${name}`, generation: 2, spec: { name, undoWindow } }) as const,
	);

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

/** A client. */
export class HammerClient {
	readonly #on: HammerOn;
	/** What must not have failed and did. */
	readonly failures: string[] = [];
	readonly counts: HammerCounts = { named: 0, mounted: 0, pulled: 0, pushed: 0, restored: 0 };

	constructor(on: HammerOn) {
		this.#on = on;
	}

	/** Works while `goesOn` says so. */
	async run(random: Random, goesOn: () => boolean): Promise<void> {
		const any = (of: readonly string[]): string => of[randomBelow(random, of.length)] ?? assert.fail();
		while (goesOn()) {
			const [text, act] = [any(TEXTS), random()];
			// Half of the blobs have one repository, so that they go with its link.
			const name = text.endsWith("1") ? any(NAMES) : (NAMES[text.length % NAMES.length] ?? assert.fail());
			await this.#image(name, text);
			await this.#remove(name, text);
			// Back when the link is about to go, or has just gone, or the blob with it, or the window is over.
			await sleep(this.#on.delayMs * (0.85 + 0.3 * random()));
			if (name.startsWith("q/") && act < 0.4) await this.#restore(name, text);
			else if (act < 0.3) await this.#image(name, text);
			else if (act < 0.6) await this.#mount(any(NAMES), text, name);
			else await this.#pull(name, text);
		}
	}

	/** Every manifest that is there has its blob, bytes and all. */
	async checkManifests(): Promise<void> {
		for (const name of NAMES) {
			for (const text of TEXTS) {
				const reference = { kind: "digest", digest: manifestOf(text) } as const;
				const found = await this.#on.metadata.manifests.find(name, reference, { payload: false });
				if (found?.manifest === undefined) continue;
				assert.equal((await pullBlob(this.#on, name, digestOf(Buffer.from(text)))).toString(), text);
			}
		}
	}

	/** Deletes all manifests there are. */
	async removeAll(): Promise<void> {
		for (const name of NAMES) for (const text of TEXTS) await this.#remove(name, text);
	}

	/** As docker does: asks for the blob, pushes it if it is not there, and names it in a manifest. */
	async #image(name: string, text: string): Promise<void> {
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
	async #mount(name: string, text: string, source: string): Promise<void> {
		const digest = digestOf(Buffer.from(text));
		const from = performance.now();
		const outcome = await this.#on.metadata.blobs.mount(name, digest, source, actor);
		if (isRefused(outcome) || !outcome.mounted) return;
		await this.#promised(from, `${name} ${text} was mounted and could not be named`, () => this.#put(name, text));
		this.counts.mounted += 1;
	}

	/** Pulls the blob if it is there. */
	async #pull(name: string, text: string): Promise<void> {
		const digest = digestOf(Buffer.from(text));
		const from = performance.now();
		if (!(await whether(this.#on.registry.blobs.stat(name, digest, forever)))) return;
		await this.#promised(from, `${name} ${text} was told of and could not be pulled`, async () => {
			assert.equal((await pullBlob(this.#on, name, digest)).toString(), text);
		});
		this.counts.pulled += 1;
	}

	/** Restores the manifest if that can be done, and then pulls what it names. */
	async #restore(name: string, text: string): Promise<void> {
		const from = performance.now();
		const wanted = { repository: name, digest: manifestOf(text), actor };
		const outcome = await this.#on.metadata.history.restoreManifest(wanted);
		if (isRefused(outcome)) {
			if (outcome.refused.reason === "content-unknown") this.failures.push(`${name} ${text} was restored without it`);
			return;
		}
		await this.#promised(from, `${name} ${text} was restored and could not be pulled`, async () => {
			assert.equal((await pullBlob(this.#on, name, digestOf(Buffer.from(text)))).toString(), text);
		});
		this.counts.restored += 1;
	}

	/** Takes the manifest away that uses the blob. */
	async #remove(name: string, text: string): Promise<void> {
		const reference = { kind: "digest", digest: manifestOf(text) } as const;
		await whether(this.#on.registry.manifests.remove(name, reference, undefined, actor, forever));
	}

	async #put(name: string, text: string): Promise<void> {
		const push = { repository: name, reference: { kind: "digest", digest: manifestOf(text) }, tags: [] } as const;
		const input = { ...push, contentType: OCI_MANIFEST, condition: undefined, actor };
		await this.#on.registry.manifests.put(input, bodyOf(imageOf(text)), forever);
	}

	/**
	 * What was promised must hold, unless the client itself was too slow: whoever was told of a blob has half of the delay;
	 * less here, since clients share a thread with everything.
	 */
	async #promised(from: number, failure: string, work: () => Promise<void>): Promise<void> {
		try {
			await work();
		} catch (error) {
			if (performance.now() - from < 0.35 * this.#on.delayMs) this.failures.push(`${failure}: ${String(error)}`);
		}
	}
}

const manifestOf = (text: string): Digest => digestOf(Buffer.from(imageOf(text)));
