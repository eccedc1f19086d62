/** Who asks, and what they may do: the answer that every network face works with. */
import type { CatalogScope } from "#/metadata/repositories.ts";

/** What can be done to a repository's content. */
export type Action = "pull" | "push" | "delete";

/** Who asks. */
export type Principal =
	| { readonly kind: "anonymous" }
	| { readonly kind: "user"; readonly name: string; readonly uid: string; readonly admin: boolean }
	| { readonly kind: "robot"; readonly name: string; readonly uid: string };

/** What one request's credentials allow. Decisions are at most 5 seconds old for Basic, a token's life for Bearer. */
export interface Access {
	readonly principal: Principal;
	/** For history, events and logs: `user:alice`, `robot:robot$ci`, `anonymous`. */
	readonly actor: string;
	/** Whether `action` on `repository` is allowed. In unknown projects it is to administrators alone. */
	allows(action: Action, repository: string, signal?: AbortSignal): Promise<boolean>;
	/**
	 * Whether other credentials of the same principal would allow `action` where these were issued without `repository`
	 * in view, so that the client should ask for them. False where these are all that there is.
	 */
	couldAllow(action: Action, repository: string, signal?: AbortSignal): Promise<boolean>;
	/** Whether the credentials were issued with `repository` in view, allowed or not. True for all but tokens. */
	covers(repository: string): boolean;
	/** Whether the credentials allow listing the catalog, and of which projects; undefined: not at all. */
	catalog(signal?: AbortSignal): Promise<CatalogScope | undefined>;
}

/** The outcome of looking at a request's Authorization header. */
export type Authentication =
	| { readonly access: Access }
	/** Credentials were given and are wrong, expired or malformed; `message` says which, without secrets. */
	| { readonly failed: string };

/** Turns a request's Authorization header into what it allows. An absent header is anonymous access. */
export interface Authenticator {
	/**
	 * @param address the client's, to slow down those who guess passwords; clients without one are slowed down together
	 * @throws OciError TOOMANYREQUESTS after too many failures, UNAVAILABLE while too many passwords are being checked
	 */
	authenticate(authorization: string | undefined, signal: AbortSignal, address?: string): Promise<Authentication>;
}
