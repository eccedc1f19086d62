import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { ObjectStat } from "#/storage/blob-store.ts";
import type { Bucket } from "./bucket.ts";

/** The objects whose names start with `prefix`, tails included, in byte order of their names. */
export async function* listObjects(
	bucket: Bucket,
	prefix: string,
	signal: AbortSignal,
): AsyncGenerator<ObjectStat, void, undefined> {
	const { Bucket: name, Key: namePrefix } = bucket.at(prefix);
	let token: string | undefined;
	do {
		const page = await bucket.request(`list ${prefix}`, signal, (client, options) =>
			client.send(
				new ListObjectsV2Command({
					Bucket: name,
					Prefix: namePrefix,
					...(token !== undefined && { ContinuationToken: token }),
				}),
				options,
			),
		);
		for (const { Key: found, Size: size, LastModified: modified } of page.Contents ?? []) {
			const key = found === undefined ? undefined : bucket.keyOf(found);
			if (key === undefined) continue;
			yield { key, size: size ?? 0, ...(modified && { modifiedAt: modified.getTime() }) };
		}
		token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
	} while (token !== undefined);
}
