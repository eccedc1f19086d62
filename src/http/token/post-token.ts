import express, { type Request, type Response } from "express";
import { z } from "zod";
import type { Identity } from "#/auth/identity.ts";
import type { Reply } from "#/http/reply.ts";
import { formatIssues } from "#/lib/format-issues.ts";
import type { TokenExchange } from "./exchange.ts";
import type { TokenHandlerDeps } from "./get-token.ts";
import { OAuthError } from "./oauth-error.ts";
import { toTokenReply } from "./token-reply.ts";

const MAX_BODY_BYTES = 32 * 1024;

const common = {
	service: z.string(),
	scope: z.array(z.string()),
	access_type: z.enum(["online", "offline"]).optional(),
};

const formSchema = z.discriminatedUnion("grant_type", [
	z.object({
		grant_type: z.literal("password"),
		username: z.string().min(1),
		password: z.string(),
		...common,
	}),
	z.object({ grant_type: z.literal("refresh_token"), refresh_token: z.string().min(1), ...common }),
]);

type Form = z.infer<typeof formSchema>;

/**
 * `POST /token` with a form (distribution's OAuth 2 specification): grant types `password` and `refresh_token`.
 *
 * @throws OAuthError, and what checking credentials throws
 */
export const postToken =
	(deps: TokenHandlerDeps) =>
	async (exchange: TokenExchange): Promise<Reply> => {
		const form = parseForm(await readBody(exchange.request, exchange.response));
		if (form.service !== deps.service) {
			throw new OAuthError("invalid_request", "tokens for that service are not to be had here");
		}
		const identity = await identify(deps, form, exchange);
		exchange.identified(identity);
		const offline = form.access_type === "offline";
		if (form.grant_type === "password") {
			return toTokenReply(await deps.tokenService.grant({ identity, scopes: form.scope, offline }, exchange.signal));
		}
		const grant = await deps.tokenService.grant({ identity, scopes: form.scope, offline: false }, exchange.signal);
		// Never a new one: a client that asks for ever would keep its access for ever.
		return toTokenReply({ ...grant, refreshToken: form.refresh_token });
	};

const identify = async (
	{ tokenService }: TokenHandlerDeps,
	form: Form,
	{ address, signal }: TokenExchange,
): Promise<Identity> => {
	if (form.grant_type === "refresh_token") {
		const identity = await tokenService.redeem(form.refresh_token, signal);
		if (identity === undefined) throw new OAuthError("invalid_grant", "the refresh token is not good, or no longer");
		return identity;
	}
	const outcome = await tokenService.authenticate({ name: form.username, secret: form.password, address }, signal);
	if ("failed" in outcome) throw new OAuthError("invalid_grant", outcome.failed);
	return outcome.identity;
};

const parseForm = (body: string): Form => {
	const fields = new URLSearchParams(body);
	const grantType = fields.get("grant_type");
	if (grantType !== null && grantType !== "password" && grantType !== "refresh_token") {
		throw new OAuthError("unsupported_grant_type", "the grant types are password and refresh_token");
	}
	const form = formSchema.safeParse({ ...Object.fromEntries(fields), scope: fields.getAll("scope") });
	if (form.success) return form.data;
	throw new OAuthError("invalid_request", formatIssues(form.error.issues));
};

const readText = express.text({ type: "application/x-www-form-urlencoded", limit: MAX_BODY_BYTES });

const readBody = async (request: Request, response: Response): Promise<string> => {
	if (request.headers.expect?.toLowerCase() === "100-continue") response.writeContinue();
	await new Promise<void>((resolve, reject) => {
		readText(request, response, (error?: unknown) => {
			if (error === undefined) resolve();
			else reject(unreadable(error));
		});
	});
	const body: unknown = request.body;
	if (typeof body === "string") return body;
	throw new OAuthError("invalid_request", "a form is expected (application/x-www-form-urlencoded)");
};

/** The failures of reading a body carry the status that fits them. */
const unreadable = (cause: unknown): OAuthError => {
	const status = typeof cause === "object" && cause !== null && "status" in cause ? cause.status : undefined;
	const known = typeof status === "number" && status >= 400 && status < 500 ? status : 400;
	return new OAuthError("invalid_request", "the form cannot be read", { status: known, cause });
};
