import { readFile } from "node:fs/promises";
import type winston from "winston";
import { OWN_CLUSTER } from "#/api/robot-account-spec.ts";
import { IssuerKeys } from "#/auth/workload/issuer-keys.ts";
import {
	clusterSource,
	discoverySource,
	type GetJson,
	givenSource,
	type IssuerSource,
	keySetSource,
} from "#/auth/workload/issuer-sources.ts";
import type { TrustedIssuer } from "#/auth/workload/workload-tokens.ts";
import { Egress } from "#/client/egress.ts";
import { fetchJson } from "#/client/fetch-json.ts";
import { openAgent } from "#/client/open-agent.ts";
import { parseNetwork } from "#/lib/address-set.ts";
import { ConfigError } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { reportTo } from "./logger.ts";
import { readConfigFile } from "./read-config-file.ts";

/** Those whose tokens let workloads in. Disposing it closes the connections to them. */
export interface Issuers extends AsyncDisposable {
	readonly issuers: readonly TrustedIssuer[];
}

/** The API server is where the configuration says, and nobody else has a word in that. */
const ANYWHERE = ["0.0.0.0/0", "::/0"];

/** What the configuration says of issuers, ready to be asked. @throws ConfigError */
export const openIssuers = async (config: Config, logger: winston.Logger): Promise<Issuers> => {
	await using opening = new AsyncDisposableStack();
	const { serviceAccountTokens, issuers } = config.auth;
	const all: TrustedIssuer[] = [];
	const add = (name: string, audiences: readonly string[], load: IssuerSource): void => {
		const onError = (error: unknown) => reportTo(logger)({ event: "issuer.failed", level: "warn", error });
		const keys = new IssuerKeys({ load, now: Date.now, onError });
		all.push({ name, audiences: audiences.length > 0 ? audiences : [hostOf(config)], keys });
	};
	if (serviceAccountTokens !== undefined) {
		const { audiences, apiServer, caFile, tokenFile } = serviceAccountTokens;
		const getJson = opening.use(await openGetter("auth.serviceAccountTokens", { allow: ANYWHERE, caFile, tokenFile }));
		add(OWN_CLUSTER, audiences, clusterSource(getJson.get, apiServer));
	}
	for (const [i, { url, audiences, jwksUrl, jwks, caFile }] of issuers.entries()) {
		const section = `auth.issuers.${i}`;
		const getJson = opening.use(await openGetter(section, { allow: config.egress.allow, caFile }));
		if (jwks !== undefined) add(url, audiences, givenKeys(section, url, jwks));
		else if (jwksUrl !== undefined) add(url, audiences, keySetSource(getJson.get, url, jwksUrl));
		else add(url, audiences, discoverySource(getJson.get, url));
	}
	const resources = opening.move();
	return { issuers: all, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

interface GetterOpts {
	readonly allow: readonly string[];
	readonly caFile?: string | undefined;
	readonly tokenFile?: string | undefined;
}

const openGetter = async (
	section: string,
	{ allow, caFile, tokenFile }: GetterOpts,
): Promise<AsyncDisposable & { readonly get: GetJson }> => {
	const ca = caFile === undefined ? undefined : await readConfigFile(`${section}.caFile`, caFile);
	const egress = new Egress(allow.flatMap((network) => parseNetwork(network) ?? []));
	const agent = openAgent(egress, { ca, connections: 2, headMs: 10_000, stallMs: 10_000 });
	return {
		// Kubernetes replaces the token of a pod long before it ends.
		get: async (url, signal) => fetchJson(agent, url, await bearerOf(tokenFile), signal),
		[Symbol.asyncDispose]: () => agent.destroy(),
	};
};

const bearerOf = async (file: string | undefined): Promise<string | undefined> =>
	file === undefined ? undefined : `Bearer ${(await readFile(file, "utf8")).trim()}`;

const givenKeys = (section: string, url: string, jwks: string): IssuerSource => {
	try {
		return givenSource(url, jwks);
	} catch (cause) {
		throw new ConfigError(`${section}.jwks: expected a JWK set, such as {"keys": [...]}`, { cause });
	}
};

/** What clients call the registry: host and, unless it is the scheme's own, port. */
const hostOf = ({ externalUrl, listen }: Config): string =>
	externalUrl === undefined ? listen : new URL(externalUrl).host;
