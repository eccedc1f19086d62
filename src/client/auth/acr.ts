import { z } from "zod";
import type { Ask } from "./ask.ts";
import type { Login, LoginSource } from "./login.ts";
import { Renewed, type RenewedDeps } from "./renewed.ts";

/** The name by which a registry of Azure's knows that the password is a token. */
export const ACR_TOKEN_USER = "00000000-0000-0000-0000-000000000000";

const claimsSchema = z.object({
	grant_type: z.string().optional(),
	tid: z.string().optional(),
	exp: z.number().optional(),
});
const refreshSchema = z.object({ refresh_token: z.string().min(1) });

/** A refresh token lives for three hours, where it does not say itself for how long. */
const REFRESH_MS = 3 * 3_600_000;

/**
 * Logs in at a registry of Azure's with a token: an access token of Microsoft Entra is exchanged for a refresh token of the
 * registry first, which then buys access tokens for scopes.
 *
 * @see https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
 */
export class AcrLogin implements LoginSource {
	readonly #renewed: Renewed<Login>;

	constructor(deps: RenewedDeps & { readonly ask: Ask }, registry: URL, token: string) {
		const claims = claimsOf(token);
		this.#renewed = new Renewed<Login>(deps, async (signal) => {
			if (claims.grant_type === "refresh_token") return { value: { kind: "refreshToken", token }, lifeMs: REFRESH_MS };
			const form = new URLSearchParams({
				grant_type: "access_token",
				service: registry.host,
				...(claims.tid === undefined ? {} : { tenant: claims.tid }),
				access_token: token,
			});
			const { value } = await deps.ask(
				{
					method: "POST",
					url: new URL("/oauth2/exchange", registry),
					headers: { "content-type": "application/x-www-form-urlencoded" },
					body: form.toString(),
				},
				refreshSchema,
				signal,
			);
			const { exp } = claimsOf(value.refresh_token);
			const lifeMs = exp === undefined ? REFRESH_MS : exp * 1000 - deps.timing.now();
			return { value: { kind: "refreshToken", token: value.refresh_token }, lifeMs };
		});
	}

	login(signal: AbortSignal): Promise<Login> {
		return this.#renewed.get(signal);
	}

	forget(login: Login): boolean {
		return this.#renewed.forget(login);
	}
}

/** What a JSON web token says of itself, without a look at its signature; nothing where it is none. */
const claimsOf = (token: string): z.output<typeof claimsSchema> => {
	try {
		const parsed = claimsSchema.safeParse(
			JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")),
		);
		return parsed.success ? parsed.data : {};
	} catch {
		return {};
	}
};
