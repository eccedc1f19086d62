import { z } from "zod";
import { Annotations, type Descriptor } from "#/oci/descriptor.ts";
import { type Digest, digestOf, isDigest } from "#/oci/digest.ts";
import { OCI_INDEX } from "#/oci/media-types.ts";
import { getManifest, sendManifest } from "./manifests.ts";
import { readIndexBytes, referrersTagOf } from "./referrers.ts";
import { RemoteError } from "./remote-error.ts";
import type { RemoteManifest } from "./remote-registry.ts";
import type { Session } from "./session.ts";

const referrerSchema = z.object({
	subject: z.object({ digest: z.string().refine(isDigest) }),
	artifactType: z.string().nullish(),
	config: z.object({ mediaType: z.string() }).nullish(),
	annotations: Annotations.nullish(),
});

/** What a manifest refers to, with the descriptor by which its subject's referrers list it; undefined: it refers to nothing. */
export const readReferrer = (
	manifest: RemoteManifest,
): { readonly subject: Digest; readonly descriptor: Descriptor } | undefined => {
	const parsed = referrerSchema.safeParse(parseJson(manifest.payload));
	if (!parsed.success) return undefined;
	const { subject, artifactType, config, annotations } = parsed.data;
	const type = artifactType || config?.mediaType;
	return {
		subject: subject.digest,
		descriptor: {
			mediaType: manifest.mediaType,
			digest: manifest.digest,
			size: manifest.payload.byteLength,
			...(type === undefined ? {} : { artifactType: type }),
			...(annotations == null ? {} : { annotations }),
		},
	};
};

/**
 * Lists a referrer under its subject's tag, in a registry that did not do so itself (distribution specification, "Pushing
 * Manifests with Subject"). The caller sees to it that no two of one subject run at once.
 *
 * @throws RemoteError
 */
export const listUnderTag = async (
	session: Session,
	repository: string,
	{ subject, descriptor }: { readonly subject: Digest; readonly descriptor: Descriptor },
	signal: AbortSignal,
): Promise<void> => {
	const tag = referrersTagOf(subject);
	const known = await getManifest(session, repository, tag, signal);
	const listed = known === undefined ? [] : readIndexBytes(known.payload);
	if (listed === undefined)
		throw new RemoteError("INVALID", `${repository}:${tag} at ${session.origin.host} is no index`);
	if (listed.some(({ digest }) => digest === descriptor.digest)) return;
	const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...listed, descriptor] };
	const payload = Buffer.from(JSON.stringify(index));
	await sendManifest(session, repository, tag, { digest: digestOf(payload), mediaType: OCI_INDEX, payload }, signal);
};

const parseJson = (payload: Uint8Array): unknown => {
	try {
		return JSON.parse(Buffer.from(payload).toString("utf8"));
	} catch {
		return undefined;
	}
};
