import { createHash } from "node:crypto";

/** Who signs. */
export interface UrlSigner {
	/** The service account's address. */
	readonly email: string;
	/** The RSA signature of `text` over its SHA-256. */
	sign(text: string): Promise<Uint8Array>;
}

/** What a signed URL allows, and when. */
export interface SignUrlOpts {
	readonly method: "GET" | "HEAD";
	/** Parameters beside those of the signature. */
	readonly query: Readonly<Record<string, string>>;
	/** From when it is valid, milliseconds since the epoch; cut to seconds. */
	readonly from: number;
	/** For how long, in seconds. */
	readonly life: number;
}

/**
 * Signs a URL without query by the V4 signing process: whoever has it needs no credentials.
 *
 * @param url its path is the encoded one
 * @see https://cloud.google.com/storage/docs/authentication/signatures
 */
export const signUrl = async (url: URL, signer: UrlSigner, opts: SignUrlOpts): Promise<string> => {
	const time = new Date(opts.from).toISOString().replace(/[-:]|\.\d{3}/g, "");
	const scope = `${time.slice(0, 8)}/auto/storage/goog4_request`;
	const query = formatQuery({
		...opts.query,
		"X-Goog-Algorithm": "GOOG4-RSA-SHA256",
		"X-Goog-Credential": `${signer.email}/${scope}`,
		"X-Goog-Date": time,
		"X-Goog-Expires": String(opts.life),
		"X-Goog-SignedHeaders": "host",
	});
	const request = [opts.method, url.pathname, query, `host:${url.host}`, "", "host", "UNSIGNED-PAYLOAD"].join("\n");
	const hashed = createHash("sha256").update(request).digest("hex");
	const signature = await signer.sign(["GOOG4-RSA-SHA256", time, scope, hashed].join("\n"));
	return `${url.origin}${url.pathname}?${query}&X-Goog-Signature=${Buffer.from(signature).toString("hex")}`;
};

/** Sorted by the encoded names, as the canonical request has it. */
const formatQuery = (query: Readonly<Record<string, string>>): string =>
	Object.entries(query)
		.map(([name, value]) => `${encode(name)}=${encode(value)}`)
		.sort()
		.join("&");

/** Everything but the unreserved characters of RFC 3986. */
const encode = (text: string): string =>
	encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
