/** Speaks to other registries, for replication and caches. */
import type { buildConnector } from "undici";
import type { RemoteSpec } from "#/api/replication-policy-spec.ts";
import { createAsk } from "./auth/ask.ts";
import { Authorizer } from "./auth/authorizer.ts";
import { openLogin } from "./auth/open-login.ts";
import type { UploadOpts } from "./blob-upload.ts";
import { openCatalog } from "./catalog/open-catalog.ts";
import type { Egress } from "./egress.ts";
import { type HasExtension, openExtensions } from "./extensions.ts";
import { harborRemoveTag } from "./harbor-tag.ts";
import { HttpRemoteRegistry } from "./http-remote-registry.ts";
import { type AgentOpts, openAgent } from "./open-agent.ts";
import { RemoteError } from "./remote-error.ts";
import type { RemoteRegistry } from "./remote-registry.ts";
import type { RetryOpts } from "./retry.ts";
import { Session } from "./session.ts";
import { openTagDigests } from "./tag-digests/open-tag-digests.ts";
import { type ClientTiming, systemTiming } from "./timing.ts";
import { type ObservedRequest, Wire } from "./wire.ts";

/** What an open registry stands on. */
export interface RemoteRegistryDeps {
	/** Where connections may go. */
	readonly egress: Egress;
	/** Absent: the machine's. */
	readonly timing?: ClientTiming | undefined;
	/** Told of every request. */
	readonly observe?: ((request: ObservedRequest) => void) | undefined;
	/** Makes connections in place of the one that keeps to `egress`. */
	readonly connect?: buildConnector.connector | undefined;
}

/** Settings beside those of the remote side. */
export interface RemoteRegistryOpts extends Omit<AgentOpts, "ca">, RetryOpts, UploadOpts {
	/** First components of the names that are wanted, where they are known; some registries list no others. @defaultValue [] */
	readonly namespaces?: readonly string[] | undefined;
}

/** Any of the names of Docker Hub is its registry. */
const DOCKER_HUB = "https://registry-1.docker.io";

/**
 * Opens another registry; nothing is sent before the first call.
 *
 * @throws RemoteError INVALID for credentials or an address that its type has no use for
 */
export const openRemoteRegistry = (
	{ egress, timing = systemTiming, observe, connect }: RemoteRegistryDeps,
	spec: RemoteSpec,
	opts: RemoteRegistryOpts = {},
): RemoteRegistry => {
	const { type, credentials } = spec;
	const origin = originOf(spec);
	const agent = openAgent(egress, { ...opts, ca: spec.ca }, connect);
	const ended = new AbortController();
	const wire = new Wire({ agent, timing, lifetime: ended.signal, observe });
	// What a request needs on its way is asked for once by each of its own attempts.
	const deps = { ask: createAsk(wire, { tries: 1 }), timing, lifetime: ended.signal };
	const source = openLogin(deps, spec, origin);
	const session = new Session({ wire, authorizer: new Authorizer({ ...deps, source }, origin) }, origin, opts);
	const ask = createAsk(wire, opts);
	const hasExtension: HasExtension = type === "Generic" ? openExtensions(session) : async () => false;
	const catalog = openCatalog({ ...deps, ask, session }, type, {
		credentials,
		namespaces: opts.namespaces ?? [],
	});
	return new HttpRemoteRegistry(
		{
			session,
			catalog,
			tagDigests: openTagDigests({ ask, session, hasExtension }, type, credentials),
			hasExtension,
			nameOf: type === "DockerHub" ? officialName : (name) => name,
			removeTag: type === "Harbor" ? harborRemoveTag({ wire, origin }, credentials, opts) : undefined,
			close: async () => {
				ended.abort(new RemoteError("UNREACHABLE", `${origin.host}: closed`));
				await agent.destroy();
			},
		},
		{ chunkBytes: opts.chunkBytes ?? (type === "GAR" ? Number.POSITIVE_INFINITY : undefined) },
	);
};

const originOf = ({ type, url }: RemoteSpec): URL => {
	if (type === "DockerHub") return new URL(DOCKER_HUB);
	const parsed = new URL(url);
	if (parsed.username !== "" || parsed.password !== "") {
		throw new RemoteError("INVALID", `${parsed.origin}: credentials do not go into the URL`);
	}
	return new URL(parsed.origin);
};

/** Docker's clients leave out where its official images are. */
const officialName = (repository: string): string => (repository.includes("/") ? repository : `library/${repository}`);
