import type { IncomingMessage } from "node:http";
import type { Access, Authenticator } from "#/auth/access.ts";
import { OciError } from "#/oci/error.ts";
import { isRepositoryName } from "#/oci/name.ts";
import type { V2Endpoint } from "#/oci/path.ts";
import { ChallengeError } from "./challenge-error.ts";
import type { Route } from "./routes.ts";

/** Who looks at credentials, and where those of the request come from. */
export interface Gate {
	readonly authenticator: Authenticator;
	/** The client's; absent where it is not known. */
	readonly address: string | undefined;
}

/**
 * Decides whether the request may go on, and as whom. Refusals say nothing about what exists.
 *
 * @throws ChallengeError, OciError DENIED
 */
export const authorize = async (
	{ authenticator, address }: Gate,
	request: IncomingMessage,
	path: V2Endpoint,
	route: Route,
	signal: AbortSignal,
): Promise<Access> => {
	const { authorization } = request.headers;
	const outcome = await authenticator.authenticate(authorization, signal, address);
	if ("failed" in outcome) {
		throw new ChallengeError({ scope: scopesOf(request, path, route), error: "invalid_token" }, outcome.failed);
	}
	const { access } = outcome;
	if (await isAllowed(access, path, route, signal)) return access;
	const scope = scopesOf(request, path, route);
	// A token is an identity of sorts, even one that anybody can have: clients show it to see whether it is good.
	if (path.kind === "base" && authorization !== undefined) return access;
	if (authorization === undefined) throw new ChallengeError({ scope, error: undefined }, "credentials are needed");
	if (/^bearer /i.test(authorization)) {
		throw new ChallengeError({ scope, error: "insufficient_scope" }, `the token does not grant ${scope ?? "this"}`);
	}
	throw new OciError("DENIED", { detail: `${access.actor} may not ${route.need} here` });
};

const isAllowed = (access: Access, path: V2Endpoint, route: Route, signal: AbortSignal): boolean | Promise<boolean> => {
	if (path.kind === "catalog") return access.catalog(signal).then((scope) => scope !== undefined);
	if (route.need === "identity" || !("repository" in path)) return access.principal.kind !== "anonymous";
	return access.allows(route.need, path.repository, signal);
};

/** All scopes that a token for the request should have. */
const scopesOf = (request: IncomingMessage, path: V2Endpoint, route: Route): string | undefined =>
	[scopeOf(path, route), ...sourceScopeOf(request, path)].filter((part) => part !== undefined).join(" ") || undefined;

/** The scope that grants the request, as token services read it. */
const scopeOf = (path: V2Endpoint, { need }: Route): string | undefined => {
	if (path.kind === "catalog") return "registry:catalog:*";
	if (need === "identity" || !("repository" in path)) return undefined;
	return `repository:${path.repository}:${need === "push" ? "pull,push" : need}`;
};

/** What a mount needs besides, asked for at once: some clients go for a token only once a request. */
const sourceScopeOf = ({ url = "" }: IncomingMessage, path: V2Endpoint): readonly string[] => {
	if (path.kind !== "uploads" || !url.includes("from=")) return [];
	const from = new URLSearchParams(url.slice(url.indexOf("?") + 1)).get("from") ?? "";
	return isRepositoryName(from) ? [`repository:${from}:pull`] : [];
};
