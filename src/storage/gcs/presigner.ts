import { LRUCache } from "@thi.ng/cache/lru";
import { signUrl, type UrlSigner } from "./sign-url.ts";

/** What a {@link Presigner} works with. */
export interface PresignerDeps {
	readonly signer: UrlSigner;
	/** Where clients find the bucket, without a slash at the end. */
	readonly bucketUrl: string;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	/** How long a URL is valid, in seconds. */
	readonly life: number;
}

/** What a client may do with a URL. */
export interface PresignOpts {
	readonly contentType: string;
	readonly method: "GET" | "HEAD";
}

/** URLs that are kept. */
const MAX_KEPT = 10_000;

/** How far the service's clock may be behind ours. */
const SKEW_SECONDS = 300;

/**
 * Signs URLs. Their date is the beginning of a window half as long as their life: so they are the same within the
 * window, and always have half of their life before them. They are kept as long, for a signature can take a request.
 */
export class Presigner {
	readonly #deps: PresignerDeps;
	readonly #kept = new LRUCache<string, Promise<string>>(null, { maxlen: MAX_KEPT });

	constructor(deps: PresignerDeps) {
		this.#deps = deps;
	}

	/** A URL for the object of this name. */
	sign(name: string, { contentType, method }: PresignOpts): Promise<string> {
		const { now, life } = this.#deps;
		const window = (life / 2) * 1000;
		const from = Math.floor(now() / window) * window;
		const id = JSON.stringify([from, method, contentType, name]);
		const kept = this.#kept.get(id);
		if (kept !== undefined) return kept;
		const signed = this.#sign(name, { contentType, method }, from);
		void this.#kept.set(id, signed);
		void signed.catch(() => this.#kept.delete(id));
		return signed;
	}

	#sign(name: string, { contentType, method }: PresignOpts, from: number): Promise<string> {
		const { signer, bucketUrl, life } = this.#deps;
		return signUrl(new URL(`${bucketUrl}/${name}`), signer, {
			method,
			query: { "response-content-type": contentType },
			from: from - SKEW_SECONDS * 1000,
			life: life + SKEW_SECONDS,
		});
	}
}
