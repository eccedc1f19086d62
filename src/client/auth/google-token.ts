import { createPrivateKey, sign } from "node:crypto";
import { z } from "zod";
import { RemoteError } from "#/client/remote-error.ts";
import type { Ask } from "./ask.ts";
import { Renewed, type RenewedDeps } from "./renewed.ts";

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const LIFE_SECONDS = 3_600;
const TOKEN_URL = "https://oauth2.googleapis.com/token";

const keySchema = z.object({
	client_email: z.string().min(1),
	private_key: z.string().min(1),
	private_key_id: z.string().optional(),
	project_id: z.string().optional(),
});
const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().default(LIFE_SECONDS) });

/** The key file of a service account, as far as it is used. */
export type ServiceAccountKey = z.output<typeof keySchema>;

/** Reads the password that goes with the names `_json_key` and `_json_key_base64`. @throws RemoteError INVALID */
export const parseServiceAccountKey = (username: string, password: string): ServiceAccountKey => {
	const text = username === "_json_key_base64" ? Buffer.from(password, "base64").toString("utf8") : password;
	const parsed = keySchema.safeParse(parseJson(text));
	if (parsed.success) return parsed.data;
	// What is wrong with it might tell of the key.
	throw new RemoteError("INVALID", "the password is no key file of a service account");
};

/**
 * Access tokens for Google's interfaces, for a signed assertion of a service account.
 *
 * @see https://developers.google.com/identity/protocols/oauth2/service-account#httprest
 */
export const openGoogleToken = (deps: RenewedDeps & { readonly ask: Ask }, key: ServiceAccountKey): Renewed<string> =>
	new Renewed(deps, async (signal) => {
		const form = new URLSearchParams({
			grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
			assertion: assertionOf(key, Math.floor(deps.timing.now() / 1000)),
		});
		const { value } = await deps.ask(
			{
				method: "POST",
				url: new URL(TOKEN_URL),
				headers: { "content-type": "application/x-www-form-urlencoded" },
				body: form.toString(),
			},
			tokenSchema,
			signal,
		);
		return { value: value.access_token, lifeMs: value.expires_in * 1000 };
	});

const assertionOf = (key: ServiceAccountKey, now: number): string => {
	const header = { alg: "RS256", typ: "JWT", ...(key.private_key_id === undefined ? {} : { kid: key.private_key_id }) };
	const claims = { iss: key.client_email, scope: SCOPE, aud: TOKEN_URL, iat: now, exp: now + LIFE_SECONDS };
	const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
	return `${text}.${sign("RSA-SHA256", Buffer.from(text), createPrivateKey(key.private_key)).toString("base64url")}`;
};

const parseJson = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
};
