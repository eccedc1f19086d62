import { z } from "zod";
import { RemoteError } from "#/client/remote-error.ts";
import type { WireRequest } from "#/client/wire.ts";
import type { Ask } from "./ask.ts";
import { formatBasic, type Login } from "./login.ts";
import type { Perishable } from "./renewed.ts";

/** Where tokens are given, as a Bearer challenge says. */
export interface TokenService {
	readonly realm: URL;
	readonly service: string | undefined;
}

/** The life of a token whose answer says nothing of it (token specification, "Token Response Fields"). */
const DEFAULT_SECONDS = 60;

const tokenSchema = z
	.object({
		token: z.string().min(1).nullish(),
		access_token: z.string().min(1).nullish(),
		expires_in: z.number().nullish().catch(undefined),
	})
	.transform(({ token, access_token, expires_in }) => ({
		token: token ?? access_token ?? undefined,
		seconds: expires_in ?? DEFAULT_SECONDS,
	}));

/**
 * Gets a token for some scopes: by GET with Basic or without credentials, or by POST with a refresh token (distribution,
 * "Token Authentication Specification" and "OAuth2 Token Authentication").
 *
 * @throws RemoteError
 */
export const fetchToken = async (
	ask: Ask,
	{ realm, service }: TokenService,
	{ scopes, login }: { readonly scopes: readonly string[]; readonly login: Login | undefined },
	signal: AbortSignal,
): Promise<Perishable<string>> => {
	const request =
		login?.kind === "refreshToken"
			? postOf(realm, service, scopes, login.token)
			: getOf(realm, service, scopes, login === undefined ? undefined : formatBasic(login));
	const { value } = await ask(request, tokenSchema, signal);
	if (value.token === undefined) throw new RemoteError("INVALID", `${realm.origin}${realm.pathname} gave no token`);
	return { value: value.token, lifeMs: Math.max(1, value.seconds) * 1000 };
};

const getOf = (
	realm: URL,
	service: string | undefined,
	scopes: readonly string[],
	authorization: string | undefined,
): WireRequest => {
	const url = new URL(realm);
	if (service !== undefined) url.searchParams.set("service", service);
	for (const scope of scopes) url.searchParams.append("scope", scope);
	return { method: "GET", url, headers: authorization === undefined ? {} : { authorization } };
};

const postOf = (realm: URL, service: string | undefined, scopes: readonly string[], token: string): WireRequest => ({
	method: "POST",
	url: realm,
	headers: { "content-type": "application/x-www-form-urlencoded" },
	body: new URLSearchParams({
		grant_type: "refresh_token",
		client_id: "limani",
		...(service === undefined ? {} : { service }),
		...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
		refresh_token: token,
	}).toString(),
});
