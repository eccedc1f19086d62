import type { Ask } from "#/client/auth/ask.ts";
import type { RenewedDeps } from "#/client/auth/renewed.ts";
import { RemoteError } from "#/client/remote-error.ts";
import type { Session } from "#/client/session.ts";

/** Lists the names of a registry's repositories, page by page. @throws RemoteError while it goes on */
export type Catalog = (signal: AbortSignal) => AsyncIterable<readonly string[]>;

/** What the catalogs stand on. */
export interface CatalogDeps extends RenewedDeps {
	readonly ask: Ask;
	readonly session: Session;
}

/** What a catalog is to list, and who asks. */
export interface CatalogOpts {
	readonly credentials: { readonly username: string; readonly password: string } | undefined;
	/** First components of the names that are wanted; empty: not known. */
	readonly namespaces: readonly string[];
}

/** The catalog of a registry that has none. */
export const unlisted = (host: string, why: string): Catalog =>
	// biome-ignore lint/correctness/useYield: it lists nothing
	async function* () {
		throw new RemoteError("INVALID", `${host} cannot list its repositories: ${why}`);
	};
