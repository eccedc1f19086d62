import { createHash, createHmac } from "node:crypto";

/** Keys of an AWS account. */
export interface AwsKeys {
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
}

/** A POST to an AWS service, before it is signed. */
export interface AwsPost {
	readonly url: URL;
	readonly region: string;
	/** As the credential scope has it, such as `ecr`. */
	readonly service: string;
	/** Names in lower case; `host` and `x-amz-date` are added. */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
	/** When it is signed, milliseconds since the epoch; good for a few minutes around. */
	readonly now: number;
}

/**
 * The headers of a request, signed by AWS Signature Version 4. Equal input gives equal headers.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export const signV4 = (
	{ url, region, service, headers, body, now }: AwsPost,
	keys: AwsKeys,
): Readonly<Record<string, string>> => {
	const time = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, "");
	const day = time.slice(0, 8);
	const all: Readonly<Record<string, string>> = { ...headers, "x-amz-date": time };
	const signed = Object.entries({ ...all, host: url.host }).sort(([a], [b]) => (a < b ? -1 : 1));
	const names = signed.map(([name]) => name).join(";");
	const lines = signed.map(([name, value]) => `${name}:${value.trim()}\n`).join("");
	const request = ["POST", url.pathname, "", lines, names, sha256(body)].join("\n");
	const scope = `${day}/${region}/${service}/aws4_request`;
	const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
		(outer, text) => hmac(outer, text),
		`AWS4${keys.secretAccessKey}`,
	);
	const signature = hmac(key, ["AWS4-HMAC-SHA256", time, scope, sha256(request)].join("\n")).toString("hex");
	const authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
	return { ...all, authorization };
};

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
