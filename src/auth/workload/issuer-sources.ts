import { z } from "zod";
import type { IssuerDocument, IssuerKeysDeps } from "./issuer-keys.ts";
import { readKeySet } from "./key-set.ts";

/** Reads a JSON document. */
export type GetJson = (url: URL, signal: AbortSignal) => Promise<unknown>;

/** How an issuer is asked. */
export type IssuerSource = IssuerKeysDeps["load"];

/** What is looked at of a discovery document (OpenID Connect Discovery 1.0 §3). */
const discoverySchema = z.object({ issuer: z.string().min(1).max(1_024), jwks_uri: z.url({ protocol: /^https?$/ }) });

/** An issuer's discovery document stands below its URL, whatever path that has (OpenID Connect Discovery 1.0 §4). */
const discoveryUrl = (issuer: string): URL => new URL(`${issuer.replace(/\/+$/, "")}/.well-known/openid-configuration`);

/**
 * A cluster's issuer of service accounts' tokens, as its API server tells of it. What that says of where the keys are is
 * an address for others: the API server has them itself.
 */
export const clusterSource =
	(getJson: GetJson, apiServer: string): IssuerSource =>
	async (signal): Promise<IssuerDocument> => {
		const { issuer } = discoverySchema.parse(await getJson(discoveryUrl(apiServer), signal));
		const keys = readKeySet(await getJson(new URL(`${apiServer.replace(/\/+$/, "")}/openid/v1/jwks`), signal));
		return { issuer, keys };
	};

/** An issuer that tells by its discovery document where its keys are; it must call itself by the very URL. */
export const discoverySource =
	(getJson: GetJson, issuer: string): IssuerSource =>
	async (signal) => {
		const url = discoveryUrl(issuer);
		const document = discoverySchema.parse(await getJson(url, signal));
		if (document.issuer !== issuer) throw new Error(`${url.href} is of the issuer ${document.issuer}, not ${issuer}`);
		const keysUrl = new URL(document.jwks_uri);
		if (url.protocol === "https:" && keysUrl.protocol !== "https:") {
			throw new Error(`${url.href} names keys that are not fetched over TLS`);
		}
		return { issuer, keys: readKeySet(await getJson(keysUrl, signal)) };
	};

/** An issuer whose keys are at a URL that is given. */
export const keySetSource =
	(getJson: GetJson, issuer: string, keysUrl: string): IssuerSource =>
	async (signal) => ({ issuer, keys: readKeySet(await getJson(new URL(keysUrl), signal)) });

/** An issuer whose keys are given. @throws z.ZodError when they are no JWK set, SyntaxError when no JSON */
export const givenSource = (issuer: string, keySet: string): IssuerSource => {
	const document = { issuer, keys: readKeySet(JSON.parse(keySet)) };
	return async () => document;
};
