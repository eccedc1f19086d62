import { AwsClient } from "aws4fetch";
import type { StaticKeys } from "#/storage/s3/s3-store-opts.ts";
import { s3Keys } from "./s3.ts";

/**
 * Keys for 15 minutes, from the token service that MinIO has beside S3.
 *
 * @param bucket the only one that they open; absent: all that there are
 */
export async function temporaryKeys(endpoint: string, bucket?: string): Promise<StaticKeys> {
	const client = new AwsClient({ ...s3Keys, service: "sts", region: "us-east-1" });
	const response = await client.fetch(endpoint, {
		method: "POST",
		headers: { "content-type": "application/x-www-form-urlencoded" },
		body: new URLSearchParams({
			Action: "AssumeRole",
			Version: "2011-06-15",
			DurationSeconds: "900",
			...(bucket === undefined ? {} : { Policy: JSON.stringify(policyFor(bucket)) }),
		}).toString(),
	});
	const text = await response.text();
	const field = (name: string): string => {
		const value = new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1];
		if (value === undefined) throw new Error(`no ${name} in the answer: ${response.status} ${text}`);
		return value;
	};
	return {
		accessKeyId: field("AccessKeyId"),
		secretAccessKey: field("SecretAccessKey"),
		sessionToken: field("SessionToken"),
	};
}

const policyFor = (bucket: string) => ({
	Version: "2012-10-17",
	Statement: [{ Effect: "Allow", Action: ["s3:*"], Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`] }],
});
