import type { RemoteSpec } from "#/api/replication-policy-spec.ts";
import type { HasExtension } from "#/client/extensions.ts";
import { harborTagDigests } from "./harbor.ts";
import { limaniTagDigests } from "./limani.ts";
import { quayTagDigests } from "./quay.ts";
import type { Credentials, TagDigests, TagDigestsDeps } from "./tag-digests.ts";

/** How a registry of its type lists what tags name. */
export const openTagDigests = (
	deps: TagDigestsDeps & { readonly hasExtension: HasExtension },
	type: RemoteSpec["type"],
	credentials: Credentials,
): TagDigests => {
	switch (type) {
		case "Generic":
			return limaniTagDigests(deps.session, deps.hasExtension);
		case "Harbor":
			return harborTagDigests(deps, credentials);
		case "Quay":
			return quayTagDigests(deps, credentials);
		case "DockerHub":
		case "GHCR":
		case "GitLab":
		case "ECR":
		case "GAR":
		case "ACR":
		case "SWR":
		case "Artifactory":
			return async () => undefined;
	}
};
