import type { V2Endpoint } from "./path.ts";
import { formatReference } from "./reference.ts";

/** The path of an endpoint, as a `Location` header or a request to another registry needs it. */
export const formatPath = (endpoint: V2Endpoint): string => {
	switch (endpoint.kind) {
		case "base":
			return "/v2/";
		case "catalog":
			return "/v2/_catalog";
		case "tags":
			return `/v2/${endpoint.repository}/tags/list`;
		case "manifest":
			return `/v2/${endpoint.repository}/manifests/${formatReference(endpoint.reference)}`;
		case "blob":
			return `/v2/${endpoint.repository}/blobs/${endpoint.digest}`;
		case "uploads":
			return `/v2/${endpoint.repository}/blobs/uploads/`;
		case "upload":
			return `/v2/${endpoint.repository}/blobs/uploads/${endpoint.id}`;
		case "referrers":
			return `/v2/${endpoint.repository}/referrers/${endpoint.digest}`;
		case "extensions":
			return `/v2/${endpoint.repository}/_oci/ext/discover`;
		case "tagDigests":
			return `/v2/${endpoint.repository}/_limani/tags/digests`;
		case "attached":
			return `/v2/${endpoint.repository}/_limani/referrers/list`;
	}
};
