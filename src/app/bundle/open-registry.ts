import { ConfigError } from "#/app/config/load.ts";
import { readConfigFile } from "#/app/read-config-file.ts";
import { Egress } from "#/client/egress.ts";
import { openRemoteRegistry } from "#/client/open-remote-registry.ts";
import type { RemoteRegistry } from "#/client/remote-registry.ts";
import { parseNetwork } from "#/lib/address-set.ts";
import { readLogin } from "#/operator/replication-policy/registry-login.ts";

/** How a registry is spoken to. */
export interface RegistryOptions {
	/** Without TLS. */
	readonly "plain-http"?: boolean | undefined;
	/** File with credentials, as docker login writes it. */
	readonly "docker-config"?: string | undefined;
	/** File with certificates to trust beside the system's. */
	readonly ca?: string | undefined;
}

/** Who calls this names the registry: it may be anywhere. */
const ANYWHERE = ["0.0.0.0/0", "::/0"].flatMap((network) => parseNetwork(network) ?? []);

/** Opens the registry at a host. @throws ConfigError for a file that cannot be read, or has no entry for the host */
export const openRegistry = async (host: string, options: RegistryOptions): Promise<RemoteRegistry> => {
	const { "docker-config": file, ca } = options;
	const login =
		file === undefined
			? undefined
			: readLogin({ ".dockerconfigjson": await readConfigFile("--docker-config", file) }, host);
	if (file !== undefined && login === undefined) {
		throw new ConfigError(`--docker-config: ${file} has no entry for ${host}`);
	}
	return openRemoteRegistry(
		{ egress: new Egress(ANYWHERE) },
		{
			type: "Generic",
			url: `${options["plain-http"] === true ? "http" : "https"}://${host}`,
			...(ca === undefined ? {} : { ca: await readConfigFile("--ca", ca) }),
			...(login === undefined ? {} : { credentials: login }),
		},
	);
};
