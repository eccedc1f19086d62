import { hash } from "node:crypto";
import type { RegistrySpec } from "#/api/kinds/registry.ts";
import type { RegistryRef } from "#/operator/registry/actuator.ts";
import { type Settings, settingsOf } from "#/operator/registry/settings.ts";
import type { WantedRegistry } from "#/operator/registry/wanted-registry.ts";
import { ENDING } from "./grace.ts";
import { namesOf, PORTS } from "./names.ts";
import { CONTROL_ENTRIES, MASTER_KEY_ENTRY } from "./own-secrets.ts";
import { ARCHIVE_DIRECTORY, IDENTITY_FILES, PATHS, STORE_DIRECTORY } from "./paths.ts";

/** The settings of the data plane in a pod. */
export const clusterSettingsOf = (
	registry: Pick<WantedRegistry, "namespace" | "name" | "spec" | "recovery">,
): Settings => {
	const { document, ...secrets } = settingsOf(registry, {
		listen: `0.0.0.0:${PORTS.clients}`,
		externalUrl: urlOf(registry),
		dataDir: PATHS.data,
		archive: `${PATHS.archive}/${ARCHIVE_DIRECTORY}`,
		archiveOf: () => `${PATHS.recovery}/${ARCHIVE_DIRECTORY}`,
		// Where no volume is mounted this cannot be made, for nothing beside volumes is writable: the store is away then.
		classStore: (name) => ({ root: `${PATHS.classes}/${name}/${STORE_DIRECTORY}` }),
		cluster: {
			apiServer: "https://kubernetes.default.svc",
			caFile: `${PATHS.identity}/${IDENTITY_FILES.ca}`,
			tokenFile: `${PATHS.identity}/${IDENTITY_FILES.token}`,
		},
		fileOf: ({ secret, key }) => `${PATHS.secrets}/${secret}/${key}`,
	});
	const auth = typeof document.auth === "object" ? document.auth : {};
	return {
		document: {
			...document,
			auth: { ...auth, masterKeyFile: `${PATHS.masterKey}/${MASTER_KEY_ENTRY}` },
			control: {
				listen: `0.0.0.0:${PORTS.control}`,
				tokenFile: `${PATHS.control}/${CONTROL_ENTRIES.token}`,
				certFile: `${PATHS.control}/${CONTROL_ENTRIES.cert}`,
				keyFile: `${PATHS.control}/${CONTROL_ENTRIES.key}`,
			},
			operations: { listen: `0.0.0.0:${PORTS.operations}` },
			limits: ENDING,
		},
		...secrets,
	};
};

/** Where clients reach a registry: what its spec says, its Ingress, or its Service. */
export const urlOf = ({
	namespace,
	name,
	spec: { exposure },
}: Pick<RegistryRef, "namespace" | "name"> & { readonly spec: RegistrySpec }): string => {
	const { externalUrl, ingress, service, tls } = exposure;
	if (externalUrl !== undefined) return externalUrl;
	if (ingress !== undefined) return `${ingress.tlsSecretName === undefined ? "http" : "https"}://${ingress.host}`;
	// Only a port that is not the scheme's own is part of a registry's name.
	const usual = tls === undefined ? 80 : 443;
	const port = service.port === undefined || service.port === usual ? "" : `:${service.port}`;
	return `${tls === undefined ? "http" : "https"}://${namesOf({ name }).workload}.${namespace}.svc${port}`;
};

/**
 * Changes when pods have to start anew, because what they read at the start is another. Of Secrets, their versions tell
 * that: not even a hash of their content is written down.
 *
 * @param own versions of the Secrets that are made for the Registry
 */
export const revisionOf = (
	{ document, environment, files }: Settings,
	secretVersions: ReadonlyMap<string, string>,
	own: readonly string[],
): string => {
	const names = new Set([...environment.map(({ from }) => from.secret), ...files.map(({ secret }) => secret)]);
	const versions = [...names].toSorted().map((name) => [name, secretVersions.get(name)]);
	return hash("sha256", JSON.stringify([document, versions, own]), "hex").slice(0, 16);
};
