/**
 * Why a command would not do what it was asked, decided inside its transaction.
 * The registry turns each into an error of the distribution specification.
 */
export type Refusal =
	| { readonly reason: "project-unknown"; readonly project: string }
	| { readonly reason: "repository-unknown"; readonly repository: string }
	| { readonly reason: "manifest-unknown"; readonly reference: string }
	| { readonly reason: "blob-unknown"; readonly digest: string }
	| { readonly reason: "upload-unknown"; readonly id: string }
	/** Another holder is appending; `offset` is the acknowledged offset. */
	| { readonly reason: "upload-busy"; readonly offset: number }
	/** The chunk does not start where the upload ends. */
	| { readonly reason: "upload-offset"; readonly offset: number }
	/** The repository has gone to another store since the upload was begun: its bytes have to follow. */
	| { readonly reason: "store-moved" }
	/** Too many uploads are open in this project. */
	| { readonly reason: "too-many-uploads"; readonly limit: number }
	/** Blobs or child manifests that the manifest names and the repository does not have. */
	| { readonly reason: "content-unknown"; readonly blobs: readonly string[]; readonly manifests: readonly string[] }
	/** A descriptor's size differs from the size of the blob. */
	| { readonly reason: "size-mismatch"; readonly digest: string; readonly expected: number; readonly actual: number }
	/** A manifest still references the blob, or an index the manifest. */
	| { readonly reason: "in-use"; readonly by: readonly string[] }
	/** If-Match or If-None-Match did not hold; `current` is the tag's digest, absent when there is no such tag. */
	| { readonly reason: "precondition"; readonly current: string | undefined }
	/** A guard said no (quota, immutability, read-only …). */
	| {
			readonly reason: "guarded";
			readonly guard: string;
			readonly message: string;
			/** What the guard decided on, for the client. */
			readonly detail?: Readonly<Record<string, number | string>>;
	  };

/** The outcome of a command that may be refused. */
export type Refused = { readonly refused: Refusal };

/** True when a command's outcome is a refusal. */
export function isRefused<T extends object>(outcome: T | Refused): outcome is Refused {
	return "refused" in outcome;
}
