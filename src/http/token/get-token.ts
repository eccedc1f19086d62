import { isBasic, parseBasic } from "#/auth/basic-credentials.ts";
import type { Identity } from "#/auth/identity.ts";
import type { TokenService } from "#/auth/token-service.ts";
import type { Reply } from "#/http/reply.ts";
import { OciError } from "#/oci/error.ts";
import type { TokenExchange } from "./exchange.ts";
import { toTokenReply } from "./token-reply.ts";

/** What the endpoints hand tokens out with. */
export interface TokenHandlerDeps {
	readonly tokenService: TokenService;
	/** The one service that tokens are for. */
	readonly service: string;
}

/**
 * `GET /token?service=…&scope=…&offline_token=true` (distribution's token authentication specification). Without
 * credentials the token is for what anybody may do. `account` and `client_id` say nothing that is to be believed.
 *
 * @throws OciError UNAUTHORIZED, UNSUPPORTED for another service, and what checking credentials throws
 */
export const getToken =
	({ tokenService, service }: TokenHandlerDeps) =>
	async (exchange: TokenExchange): Promise<Reply> => {
		const query = readQuery(exchange.request.originalUrl);
		if (query.service !== null && query.service !== service) {
			throw new OciError("UNSUPPORTED", { status: 400, message: "tokens for that service are not to be had here" });
		}
		const identity = await identify(tokenService, exchange);
		exchange.identified(identity);
		return toTokenReply(await tokenService.grant({ identity, ...query }, exchange.signal));
	};

interface TokenQuery {
	readonly service: string | null;
	readonly scopes: readonly string[];
	readonly offline: boolean;
}

const readQuery = (target: string): TokenQuery => {
	const mark = target.indexOf("?");
	const query = new URLSearchParams(mark === -1 ? "" : target.slice(mark + 1));
	return {
		service: query.get("service"),
		scopes: query.getAll("scope"),
		offline: query.get("offline_token") === "true",
	};
};

const identify = async (
	tokenService: TokenService,
	{ request, address, signal }: TokenExchange,
): Promise<Identity | undefined> => {
	const { authorization } = request.headers;
	if (authorization === undefined) return undefined;
	const given = isBasic(authorization) ? parseBasic(authorization) : undefined;
	if (given === undefined) {
		throw new OciError("UNAUTHORIZED", { message: "credentials are taken in well-formed Basic form only" });
	}
	const outcome = await tokenService.authenticate({ ...given, address }, signal);
	if ("failed" in outcome) throw new OciError("UNAUTHORIZED", { message: outcome.failed });
	return outcome.identity;
};
