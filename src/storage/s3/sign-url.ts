import { createHash, createHmac } from "node:crypto";

/** Who signs. */
export interface SigningKeys {
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
	/** Of temporary keys. */
	readonly sessionToken?: string | undefined;
}

/** What a signed URL allows, and when. */
export interface SignUrlOpts {
	readonly method: "GET" | "HEAD";
	readonly region: string;
	/** Parameters beside those of the signature. */
	readonly query: Readonly<Record<string, string>>;
	/** From when it is valid, milliseconds since the epoch; cut to seconds. */
	readonly from: number;
	/** For how long, in seconds. */
	readonly life: number;
}

/**
 * Signs a URL without query by AWS Signature Version 4 in query parameters: whoever has it needs no keys. Equal
 * input gives the same URL.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export const signUrl = (url: URL, keys: SigningKeys, opts: SignUrlOpts): string => {
	const time = new Date(opts.from).toISOString().replace(/[-:]|\.\d{3}/g, "");
	const day = time.slice(0, 8);
	const scope = `${day}/${opts.region}/s3/aws4_request`;
	const query = formatQuery({
		...opts.query,
		"X-Amz-Algorithm": "AWS4-HMAC-SHA256",
		"X-Amz-Credential": `${keys.accessKeyId}/${scope}`,
		"X-Amz-Date": time,
		"X-Amz-Expires": String(opts.life),
		"X-Amz-SignedHeaders": "host",
		...(keys.sessionToken !== undefined && { "X-Amz-Security-Token": keys.sessionToken }),
	});
	const path = url.pathname
		.split("/")
		.map((segment) => encode(decodeURIComponent(segment)))
		.join("/");
	const request = [opts.method, path, query, `host:${url.host}`, "", "host", "UNSIGNED-PAYLOAD"].join("\n");
	const hashed = createHash("sha256").update(request).digest("hex");
	const signingKey = [day, opts.region, "s3", "aws4_request"].reduce<string | Buffer>(
		(key, text) => hmac(key, text),
		`AWS4${keys.secretAccessKey}`,
	);
	const signature = hmac(signingKey, ["AWS4-HMAC-SHA256", time, scope, hashed].join("\n")).toString("hex");
	return `${url.protocol}//${url.host}${path}?${query}&X-Amz-Signature=${signature}`;
};

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** Sorted by the encoded names, as the canonical request has it. */
const formatQuery = (query: Readonly<Record<string, string>>): string =>
	Object.entries(query)
		.map(([name, value]) => `${encode(name)}=${encode(value)}`)
		.sort()
		.join("&");

/** Everything but the unreserved characters of RFC 3986. */
const encode = (text: string): string =>
	encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
