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

/** Token exchange (RFC 8693 §2.1). */
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
/** Types of tokens (RFC 8693 §3). */
const TYPE = "urn:ietf:params:oauth:token-type:";

const formSchema = z.discriminatedUnion("grant_type", [
	z.object({
		grant_type: z.literal("password"),
		username: z.string().min(1),
		password: z.string(),
		...common,
	}),
	z.object({ grant_type: z.literal("refresh_token"), refresh_token: z.string().min(1), ...common }),
	z.object({
		grant_type: z.literal(EXCHANGE),
		subject_token: z.string().min(1),
		subject_token_type: z.enum([`${TYPE}jwt`, `${TYPE}id_token`, `${TYPE}access_token`]),
		requested_token_type: z.literal(`${TYPE}access_token`).optional(),
		// Not in the RFC, which leaves it to us how one of several robot accounts is meant.
		username: z.string().min(1).default("token"),
		// RFC 8693 calls it so.
		audience: z.string().optional(),
		...common,
		service: common.service.optional(),
	}),
]);

const GRANTS: readonly string[] = ["password", "refresh_token", EXCHANGE];

type Form = z.infer<typeof formSchema>;

/**
 * `POST /token` with a form (distribution's OAuth 2 specification): grant types `password` and `refresh_token`, and
 * RFC 8693's exchange of a workload's own token.
 *
 * @throws OAuthError, and what checking credentials throws
 */
export const postToken =
	(deps: TokenHandlerDeps) =>
	async (exchange: TokenExchange): Promise<Reply> => {
		const form = parseForm(await readBody(exchange.request, exchange.response));
		if ((serviceOf(form) ?? deps.service) !== deps.service) {
			throw new OAuthError("invalid_request", "tokens for that service are not to be had here");
		}
		const identity = await identify(deps, form, exchange);
		exchange.identified(identity);
		const offline = form.access_type === "offline" && form.grant_type === "password";
		const grant = await deps.tokenService.grant({ identity, scopes: form.scope, offline }, exchange.signal);
		switch (form.grant_type) {
			case "password":
				return toTokenReply(grant);
			case "refresh_token":
				// Never a new one: a client that asks for ever would keep its access for ever.
				return toTokenReply({ ...grant, refreshToken: form.refresh_token });
			case EXCHANGE:
				return toTokenReply(grant, { issued_token_type: `${TYPE}access_token` });
		}
	};

/** In an exchange it goes without saying, and may be called by the RFC's name. */
const serviceOf = (form: Form): string | undefined => {
	if (form.grant_type !== EXCHANGE) return form.service;
	return form.service ?? form.audience;
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
	const secret = form.grant_type === EXCHANGE ? form.subject_token : form.password;
	const outcome = await tokenService.authenticate({ name: form.username, secret, address }, signal);
	if ("failed" in outcome) throw new OAuthError("invalid_grant", outcome.failed);
	return outcome.identity;
};

const parseForm = (body: string): Form => {
	const fields = new URLSearchParams(body);
	const grantType = fields.get("grant_type");
	if (grantType !== null && !GRANTS.includes(grantType)) {
		throw new OAuthError("unsupported_grant_type", `the grant types are ${GRANTS.join(", ")}`);
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
