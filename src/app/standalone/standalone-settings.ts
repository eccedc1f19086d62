import { join } from "node:path";
import { stringify } from "yaml";
import { parseConfig } from "#/app/config/load.ts";
import type { Config } from "#/app/config/schema.ts";
import { keyOf } from "#/kube/kube-object.ts";
import { archiveClaimOf } from "#/operator/registry/recovery.ts";
import { type Places, type Settings, settingsOf } from "#/operator/registry/settings.ts";
import type { SecretEntry, WantedRegistry } from "#/operator/registry/wanted-registry.ts";

/** Where a registry of standalone mode is. */
interface StandalonePlaces extends Pick<Places, "listen" | "cluster"> {
	/** Its own. */
	readonly directory: string;
	/** Below it, archives have directories, by namespace and by what a cluster would call their claims. */
	readonly archives: string;
	/** Whether each request is a line of the log. */
	readonly logRequests: boolean;
}

/** What a registry of standalone mode starts with. */
export interface StandaloneSettings {
	readonly config: Config;
	/** Settings and the contents of Secrets, to tell whether they changed. */
	readonly fingerprint: string;
	/** What has to be in files, by path. */
	readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The settings of a registry of standalone mode. @throws ConfigError */
export const standaloneSettings = (
	wanted: WantedRegistry,
	{ listen, cluster, directory, archives, logRequests }: StandalonePlaces,
): StandaloneSettings => {
	const fileOf = ({ secret, key }: SecretEntry) => join(directory, "secrets", secret, key);
	const archiveOf = (claim: string) => join(archives, wanted.namespace, claim);
	const settings = settingsOf(wanted, {
		listen,
		externalUrl: undefined,
		dataDir: join(directory, "data"),
		archive: archiveOf(archiveClaimOf(wanted.name)),
		archiveOf,
		// In the data directory, as those of spec.storage.
		classStore: () => ({}),
		cluster,
		fileOf,
	});
	const environment = environmentOf(wanted, settings);
	const document = { ...settings.document, log: { requests: logRequests } };
	return {
		config: parseConfig(stringify(document), `Registry ${keyOf(wanted)}`, environment),
		fingerprint: JSON.stringify([settings.document, environment, contentsOf(wanted, settings)]),
		files: new Map(settings.files.map((entry) => [fileOf(entry), contentOf(wanted, entry)])),
	};
};

const contentOf = ({ secrets }: WantedRegistry, { secret, key }: SecretEntry): Uint8Array =>
	secrets.get(secret)?.[key] ?? new Uint8Array();

const contentsOf = (wanted: WantedRegistry, { files }: Settings): readonly string[] =>
	files.map((entry) => Buffer.from(contentOf(wanted, entry)).toString("base64"));

/** Only what the Secrets say: the environment of this process is not the registries'. */
const environmentOf = (wanted: WantedRegistry, { environment }: Settings): { readonly [variable: string]: string } =>
	Object.fromEntries(
		environment.map(({ variable, from }) => [variable, Buffer.from(contentOf(wanted, from)).toString("utf8").trim()]),
	);
