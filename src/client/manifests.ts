import { algorithmOf, type Digest, digestOf, parseDigest } from "#/oci/digest.ts";
import {
	DOCKER_MANIFEST,
	DOCKER_MANIFEST_LIST,
	DOCKER_SCHEMA1,
	isManifestMediaType,
	OCI_INDEX,
	OCI_MANIFEST,
} from "#/oci/media-types.ts";
import type { Answer } from "./answer.ts";
import { isBareAbsence } from "./bare-absence.ts";
import { toError } from "./read-failure.ts";
import { RemoteError } from "./remote-error.ts";
import type { RemoteManifest } from "./remote-registry.ts";
import type { Session } from "./session.ts";

/** What the distribution specification has registries take at least, and what this one takes. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

const ACCEPT = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_MANIFEST_LIST].join(", ");

/** A manifest whose digest was checked; undefined: there is none. @throws RemoteError */
export const getManifest = async (
	session: Session,
	repository: string,
	reference: string,
	signal: AbortSignal,
): Promise<RemoteManifest | undefined> => {
	const answer = await session.send(requestOf(session, "GET", repository, reference), signal);
	if (await session.saysAbsent(answer)) return undefined;
	const payload = await answer.bytes(MAX_MANIFEST_BYTES);
	return { digest: checkDigest(reference, answer, payload), mediaType: mediaTypeOf(answer, payload), payload };
};

/** The digest of a manifest, without its bytes where the registry tells it; undefined: there is none. @throws RemoteError */
export const headManifest = async (
	session: Session,
	repository: string,
	reference: string,
	signal: AbortSignal,
): Promise<Digest | undefined> => {
	const answer = await session.send(requestOf(session, "HEAD", repository, reference), signal);
	await answer.discard();
	if (isBareAbsence(answer)) return undefined;
	const told = answer.status === 200 ? parseDigest(answer.header("docker-content-digest") ?? "") : undefined;
	const asked = parseDigest(reference);
	if (told !== undefined && (asked === undefined || asked === told)) return told;
	// Not told, told wrongly, or not to be asked like this: the bytes say it.
	return (await getManifest(session, repository, reference, signal))?.digest;
};

/** Puts a manifest. @returns the answer's headers. @throws RemoteError */
export const sendManifest = async (
	session: Session,
	repository: string,
	reference: string,
	{ digest, mediaType, payload }: RemoteManifest,
	signal: AbortSignal,
): Promise<{ readonly knowsSubject: boolean }> => {
	const what = `${repository} ${reference} at ${session.origin.host}`;
	if (payload.byteLength > MAX_MANIFEST_BYTES) throw new RemoteError("INVALID", `${what}: more than 4 MiB`);
	const url = new URL(`/v2/${repository}/manifests/${reference}`, session.origin);
	const headers = { "content-type": mediaType };
	const scopes = [`repository:${repository}:pull,push`];
	const answer = await session.send({ method: "PUT", url, scopes, headers, body: payload }, signal);
	if (answer.status !== 201 && answer.status !== 200 && answer.status !== 202) throw await toError(answer);
	await answer.discard();
	const told = parseDigest(answer.header("docker-content-digest") ?? "");
	if (told !== undefined && algorithmOf(told) === algorithmOf(digest) && told !== digest) {
		throw new RemoteError("INVALID", `${what} was kept as ${told}, but is ${digest}`);
	}
	return { knowsSubject: answer.header("oci-subject") !== undefined };
};

/** Deletes a tag or a manifest; undefined: there was none. @throws RemoteError */
export const deleteManifest = async (
	session: Session,
	repository: string,
	reference: string,
	signal: AbortSignal,
): Promise<"removed" | undefined> => {
	const url = new URL(`/v2/${repository}/manifests/${reference}`, session.origin);
	const scopes = [`repository:${repository}:delete`];
	const answer = await session.send({ method: "DELETE", url, scopes }, signal);
	if ((answer.status === 400 || answer.status === 405) && parseDigest(reference) === undefined) {
		const { message } = await toError(answer);
		throw new RemoteError("INVALID", `${message}: it does not delete tags alone`);
	}
	if (await session.saysAbsent(answer)) return undefined;
	await answer.discard();
	return "removed";
};

const requestOf = (session: Session, method: "GET" | "HEAD", repository: string, reference: string) => ({
	method,
	url: new URL(`/v2/${repository}/manifests/${reference}`, session.origin),
	scopes: [`repository:${repository}:pull`],
	headers: { accept: ACCEPT },
	keepsConnection: true,
});

const checkDigest = (reference: string, answer: Answer, payload: Uint8Array): Digest => {
	const said = parseDigest(reference) ?? parseDigest(answer.header("docker-content-digest") ?? "");
	const digest = digestOf(payload, said === undefined ? "sha256" : algorithmOf(said));
	if (said === undefined || said === digest) return digest;
	throw new RemoteError("INVALID", `${answer.what}: what came is ${digest}, and not ${said}`);
};

/** By the header; where that says nothing, by the manifest itself. */
const mediaTypeOf = (answer: Answer, payload: Uint8Array): string => {
	const told = answer.mediaType ?? "";
	if (isManifestMediaType(told)) return told;
	const own = DOCKER_SCHEMA1.includes(told) ? undefined : declaredType(payload);
	if (own !== undefined && isManifestMediaType(own)) return own;
	throw new RemoteError(
		"INVALID",
		`${answer.what}: ${own ?? (told || "no type")} is no type of a manifest to be copied`,
	);
};

const declaredType = (payload: Uint8Array): string | undefined => {
	try {
		const body: unknown = JSON.parse(Buffer.from(payload).toString("utf8"));
		if (typeof body !== "object" || body === null || !("mediaType" in body)) return undefined;
		return typeof body.mediaType === "string" ? body.mediaType : undefined;
	} catch {
		return undefined;
	}
};
