import type { RemoteSpec } from "#/api/replication-policy-spec.ts";
import { listCatalog } from "#/client/lists.ts";
import { isRepositoryName } from "#/oci/name.ts";
import { type Catalog, type CatalogDeps, type CatalogOpts, unlisted } from "./catalog.ts";
import { dockerHubCatalog } from "./docker-hub.ts";
import { ecrCatalog } from "./ecr.ts";
import { garCatalog } from "./gar.ts";
import { gitlabCatalog } from "./gitlab.ts";
import { harborCatalog } from "./harbor.ts";
import { quayCatalog } from "./quay.ts";

/** How a registry of its type lists its repositories. Names that no repository can have are left out. */
export const openCatalog = (deps: CatalogDeps, type: RemoteSpec["type"], opts: CatalogOpts): Catalog => {
	const catalog = catalogOf(deps, type, opts);
	return async function* (signal) {
		for await (const names of catalog(signal)) {
			const sound = names.filter(isRepositoryName);
			if (sound.length > 0) yield sound;
		}
	};
};

const catalogOf = (deps: CatalogDeps, type: RemoteSpec["type"], opts: CatalogOpts): Catalog => {
	switch (type) {
		case "DockerHub":
			return dockerHubCatalog(deps, opts);
		case "GHCR":
			return unlisted(deps.session.origin.host, "it has no list, so they must be named");
		case "Harbor":
			return harborCatalog(deps, opts);
		case "GitLab":
			return gitlabCatalog(deps, opts);
		case "Quay":
			return quayCatalog(deps, opts);
		case "ECR":
			return ecrCatalog(deps, opts);
		case "GAR":
			return garCatalog(deps, opts);
		case "Generic":
		case "ACR":
		case "SWR":
		case "Artifactory":
			return (signal) => listCatalog(deps.session, signal);
	}
};
