import { AwsClient } from "aws4fetch";
import type { StaticKeys } from "#/storage/s3/s3-store-opts.ts";
import { s3Keys } from "./s3.ts";

/** Keys for 15 minutes, from the token service that MinIO has beside S3. */
export async function temporaryKeys(endpoint: string): Promise<StaticKeys> {
	const client = new AwsClient({ ...s3Keys, service: "sts", region: "us-east-1" });
	const response = await client.fetch(endpoint, {
		method: "POST",
		headers: { "content-type": "application/x-www-form-urlencoded" },
		body: "Action=AssumeRole&Version=2011-06-15&DurationSeconds=900",
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
