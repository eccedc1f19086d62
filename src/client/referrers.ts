import type { Descriptor } from "#/oci/descriptor.ts";
import { algorithmOf, type Digest, hexOf } from "#/oci/digest.ts";
import { OCI_INDEX } from "#/oci/media-types.ts";
import { readDescriptor } from "#/oci/read-descriptor.ts";
import type { Answer } from "./answer.ts";
import { getManifest } from "./manifests.ts";
import { openPages } from "./pages.ts";
import { RemoteError } from "./remote-error.ts";
import type { Session } from "./session.ts";

/** More than so many referrers of one manifest are no list that anybody meant. */
const MAX_REFERRERS = 100_000;
/** By these a registry says that it has no referrers API, in whatever words. */
const NO_API = new Set([400, 404, 405, 406, 501]);

/** The tag under which referrers are listed where there is no API for them (distribution specification, "Referrers Tag Schema"). */
export const referrersTagOf = (subject: Digest): string => `${algorithmOf(subject)}-${hexOf(subject).slice(0, 64)}`;

/** Manifests that refer to `subject`, by the referrers API or the tag scheme. @throws RemoteError */
export const listReferrers = async (
	session: Session,
	repository: string,
	subject: Digest,
	signal: AbortSignal,
): Promise<readonly Descriptor[]> =>
	(await byApi(session, repository, subject, signal)) ?? (await byTag(session, repository, subject, signal));

/** Undefined: there is no such API. */
const byApi = async (
	session: Session,
	repository: string,
	subject: Digest,
	signal: AbortSignal,
): Promise<readonly Descriptor[] | undefined> => {
	const listing = {
		url: new URL(`/v2/${repository}/referrers/${subject}`, session.origin),
		scopes: [`repository:${repository}:pull`],
		headers: { accept: OCI_INDEX },
		read: readIndex,
	};
	const probe = await session.send({ method: "GET", ...listing }, signal);
	if (NO_API.has(probe.status) || (probe.status === 200 && probe.mediaType !== OCI_INDEX)) {
		await probe.discard();
		return undefined;
	}
	const pages = await openPages(session, listing, signal, probe);
	const found: Descriptor[] = [];
	for await (const page of pages ?? []) {
		found.push(...page);
		if (found.length > MAX_REFERRERS) throw new RemoteError("INVALID", `${probe.what}: more than ${MAX_REFERRERS}`);
	}
	return found;
};

const byTag = async (
	session: Session,
	repository: string,
	subject: Digest,
	signal: AbortSignal,
): Promise<readonly Descriptor[]> => {
	const tag = referrersTagOf(subject);
	const manifest = await getManifest(session, repository, tag, signal);
	if (manifest === undefined || manifest.mediaType !== OCI_INDEX) return [];
	return readIndexBytes(manifest.payload) ?? [];
};

const readIndex = (json: unknown, answer: Answer): readonly Descriptor[] => {
	const found = descriptorsOf(json);
	if (found === undefined) throw new RemoteError("INVALID", `${answer.what}: no index of descriptors`);
	return found;
};

/** The manifests that an index lists; undefined: it is none. */
export const readIndexBytes = (payload: Uint8Array): readonly Descriptor[] | undefined => {
	try {
		return descriptorsOf(JSON.parse(Buffer.from(payload).toString("utf8")));
	} catch {
		return undefined;
	}
};

const descriptorsOf = (json: unknown): readonly Descriptor[] | undefined => {
	if (typeof json !== "object" || json === null || !("manifests" in json)) return undefined;
	const { manifests } = json;
	if (manifests === null) return [];
	if (!Array.isArray(manifests)) return undefined;
	const found = manifests.map(readDescriptor);
	return found.every((descriptor) => descriptor !== undefined) ? found : undefined;
};
