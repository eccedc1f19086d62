import { type SigningKeys, signUrl } from "./sign-url.ts";

/** What a presigner works with. */
export interface PresignerDeps {
	/** The keys in force; temporary ones are renewed in time. */
	readonly keys: () => Promise<SigningKeys>;
	/** Where clients find the bucket, without a slash at the end. */
	readonly bucketUrl: URL;
	readonly region: string;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	/** How long a URL is valid from its date, in seconds. */
	readonly life: number;
}

/** What a client may do with a URL. */
export interface PresignOpts {
	readonly contentType: string;
	readonly method: "GET" | "HEAD";
}

/**
 * A URL for the object of this name in the bucket. Its date is the beginning of a window half as long as its life: so
 * it is the same within the window, and always has half of its life before it.
 */
export const presign = async (deps: PresignerDeps, name: string, opts: PresignOpts): Promise<string> => {
	const window = (deps.life / 2) * 1000;
	const from = Math.floor(deps.now() / window) * window;
	const url = new URL(deps.bucketUrl);
	url.pathname = `${url.pathname.replace(/\/$/, "")}/${name}`;
	return signUrl(url, await deps.keys(), {
		method: opts.method,
		region: deps.region,
		query: { "response-content-type": opts.contentType },
		from,
		life: deps.life,
	});
};
