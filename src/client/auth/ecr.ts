import { z } from "zod";
import { RemoteError } from "#/client/remote-error.ts";
import type { ClientTiming } from "#/client/timing.ts";
import type { Ask } from "./ask.ts";
import type { Login, LoginSource } from "./login.ts";
import { Renewed, type RenewedDeps } from "./renewed.ts";
import { type AwsKeys, signV4 } from "./sign-v4.ts";

/** A registry of Amazon's: a private one of an account, or the public one of everybody. */
export interface EcrRegistry {
	/** Of the account; undefined: the public registry. */
	readonly account: string | undefined;
	readonly region: string;
	/** Where the service's own interface is. */
	readonly api: URL;
}

const PUBLIC_HOST = "public.ecr.aws";
const HOST =
	/^(\d{12})\.dkr[.-]ecr(-fips)?\.([a-z0-9-]+)\.(amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)$/;

/** Reads which registry a host is; undefined: none of Amazon's. */
export const parseEcrHost = (host: string): EcrRegistry | undefined => {
	// The public registry's interface is in one region alone.
	if (host === PUBLIC_HOST) {
		return { account: undefined, region: "us-east-1", api: new URL("https://api.ecr-public.us-east-1.amazonaws.com/") };
	}
	const [, account, fips = "", region, domain = ""] = HOST.exec(host) ?? [];
	if (account === undefined || region === undefined) return undefined;
	const suffix = domain.endsWith(".cn") ? "amazonaws.com.cn" : "amazonaws.com";
	const name = fips === "" ? "api.ecr" : "ecr-fips";
	return { account, region, api: new URL(`https://${name}.${region}.${suffix}/`) };
};

/** Calls the interface of the registry's service. @throws RemoteError */
export const callEcr = async <T>(
	deps: { readonly ask: Ask; readonly timing: ClientTiming; readonly keys: AwsKeys },
	{ account, region, api }: EcrRegistry,
	call: { readonly operation: string; readonly input: object; readonly schema: z.ZodType<T> },
	signal: AbortSignal,
): Promise<T> => {
	const target = account === undefined ? "SpencerFrontendService" : "AmazonEC2ContainerRegistry_V20150921";
	const body = JSON.stringify(call.input);
	const headers = signV4(
		{
			url: api,
			region,
			service: account === undefined ? "ecr-public" : "ecr",
			headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": `${target}.${call.operation}` },
			body,
			now: deps.timing.now(),
		},
		deps.keys,
	);
	return (await deps.ask({ method: "POST", url: api, headers, body }, call.schema, signal)).value;
};

const authorization = z.object({ authorizationToken: z.string(), expiresAt: z.number() });
/** A list of one from private registries, the one itself from the public one. */
const tokenSchema = z.object({
	authorizationData: z.union([authorization, z.tuple([authorization], authorization).transform(([first]) => first)]),
});

/** Logs in with keys of an AWS account, by GetAuthorizationToken; a login lasts twelve hours. */
export class EcrLogin implements LoginSource {
	readonly #renewed: Renewed<Login>;

	constructor(deps: RenewedDeps & { readonly ask: Ask; readonly keys: AwsKeys }, registry: EcrRegistry) {
		this.#renewed = new Renewed<Login>(deps, async (signal) => {
			const call = { operation: "GetAuthorizationToken", input: {}, schema: tokenSchema };
			const { authorizationData } = await callEcr(deps, registry, call, signal);
			const { authorizationToken, expiresAt } = authorizationData;
			const [username, password] = splitOnce(Buffer.from(authorizationToken, "base64").toString("utf8"));
			if (password === undefined) throw new RemoteError("INVALID", `${registry.api.host}: not a name and a password`);
			return { value: { kind: "basic", username, password }, lifeMs: expiresAt * 1000 - deps.timing.now() };
		});
	}

	login(signal: AbortSignal): Promise<Login> {
		return this.#renewed.get(signal);
	}

	forget(login: Login): boolean {
		return this.#renewed.forget(login);
	}
}

const splitOnce = (text: string): readonly [string, string | undefined] => {
	const at = text.indexOf(":");
	return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
};
