import {
	BlobSASPermissions,
	generateBlobSASQueryParameters,
	SASProtocol,
	type StorageSharedKeyCredential,
} from "@azure/storage-blob";

/** What a presigner works with. */
export interface PresignerDeps {
	readonly credential: StorageSharedKeyCredential;
	/** Where the container is, without a slash at the end. */
	readonly containerUrl: string;
	readonly containerName: string;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	/** How long a URL is valid at most, in seconds. */
	readonly life: number;
}

/** What a client may do with a URL; one for GET serves HEAD as well. */
export interface PresignOpts {
	readonly contentType: string;
	readonly method: "GET" | "HEAD";
}

/**
 * A URL for the blob of this name, signed with the account's key for reading alone. It ends with a window half as long
 * as its life: so it is the same within the window, and always has half of its life before it. It has no beginning, for
 * the service's clock may be behind ours.
 */
export const presign = (deps: PresignerDeps, name: string, { contentType }: PresignOpts): string => {
	const { credential, containerUrl, containerName, life } = deps;
	const window = (life / 2) * 1000;
	const from = Math.floor(deps.now() / window) * window;
	const query = generateBlobSASQueryParameters(
		{
			containerName,
			blobName: name,
			permissions: BlobSASPermissions.parse("r"),
			expiresOn: new Date(from + life * 1000),
			contentType,
			protocol: containerUrl.startsWith("https:") ? SASProtocol.Https : SASProtocol.HttpsAndHttp,
		},
		credential,
	);
	return `${containerUrl}/${name}?${query}`;
};
