/** The token service's face: `/token`, where clients get tokens, and the public keys that tokens are verified with. */
import express, { type Router } from "express";
import type { Keyring } from "#/auth/keyring.ts";
import { json } from "#/http/reply.ts";
import { OciError } from "#/oci/error.ts";
import { type ExchangeDeps, serve } from "./exchange.ts";
import { toOAuthFailure, toRegistryFailure } from "./failures.ts";
import { getToken, type TokenHandlerDeps } from "./get-token.ts";
import { postToken } from "./post-token.ts";

/** What the token service's face works with. */
export interface TokenRouterDeps extends ExchangeDeps, TokenHandlerDeps {
	readonly keyring: Pick<Keyring, "jwks">;
}

/** How long others may keep the public keys, in seconds: a new key is published for twice as long before it signs. */
const JWKS_MAX_AGE_S = 30;

const KEYS_PATH = "/.well-known/jwks.json";

/** `GET` and `POST /token`, and `/.well-known/jwks.json` (RFC 7517 §5). */
export const tokenRouter = (deps: TokenRouterDeps): Router => {
	const router = express.Router();
	const fail = (error: unknown, requestId: string) => toRegistryFailure(error, requestId, deps.service);
	const refuseMethod = async () => {
		throw new OciError("UNSUPPORTED");
	};
	router.get("/token", serve(deps, { route: "token", handle: getToken(deps), fail }));
	router.post("/token", serve(deps, { route: "token", handle: postToken(deps), fail: toOAuthFailure }));
	const onlyAllow = (path: string, route: string, allow: string): void => {
		const refuse = serve(deps, { route, handle: refuseMethod, fail });
		router.all(path, (request, response) => refuse(request, response.set("Allow", allow)));
	};
	onlyAllow("/token", "token", "GET, HEAD, POST");
	router.get(
		KEYS_PATH,
		serve(deps, {
			route: "jwks",
			handle: async () => json(200, deps.keyring.jwks(), ["Cache-Control", `public, max-age=${JWKS_MAX_AGE_S}`]),
			fail,
		}),
	);
	onlyAllow(KEYS_PATH, "jwks", "GET, HEAD");
	return router;
};
