import { LRUCache } from "@thi.ng/cache/lru";
import { RemoteError } from "#/client/remote-error.ts";
import type { Ask } from "./ask.ts";
import type { Challenge } from "./challenge.ts";
import { fetchToken, type TokenService } from "./fetch-token.ts";
import { formatBasic, type Login, type LoginSource } from "./login.ts";
import { Renewed, type RenewedDeps } from "./renewed.ts";

/** Tokens are for one repository each, and a run may go through very many. */
const MAX_TOKENS = 1_000;

type Scheme = { readonly kind: "basic" } | ({ readonly kind: "bearer" } & TokenService);

/** What an {@link Authorizer} stands on. */
export interface AuthorizerDeps extends RenewedDeps {
	readonly ask: Ask;
	/** Absent: nobody logs in, and the registry is asked for what everybody may have. */
	readonly source: LoginSource | undefined;
}

/** Makes the Authorization header for one registry, in the way that it asks for. */
export class Authorizer {
	readonly #deps: AuthorizerDeps;
	readonly #registry: URL;
	readonly #tokens = new LRUCache<string, Renewed<string>>(null, { maxlen: MAX_TOKENS });
	#scheme: Scheme | undefined;

	constructor(deps: AuthorizerDeps, registry: URL) {
		this.#deps = deps;
		this.#registry = registry;
	}

	/** Where tokens are given; undefined: nowhere, as far as is known. */
	get realm(): URL | undefined {
		return this.#scheme?.kind === "bearer" ? this.#scheme.realm : undefined;
	}

	/** Takes up what a 401 asks for; nothing changes where none of it is known. @throws RemoteError INVALID for an unsafe realm */
	challenged(challenges: readonly Challenge[]): void {
		this.#scheme = this.#schemeOf(challenges) ?? this.#scheme;
	}

	/**
	 * The header for a request that needs these scopes; undefined: none. Before the registry has asked for anything, it
	 * is shown the name and password that it is meant to get anyway.
	 *
	 * @throws RemoteError
	 */
	async header(scopes: readonly string[], signal: AbortSignal): Promise<string | undefined> {
		const scheme = this.#scheme;
		if (scheme?.kind === "bearer") return `Bearer ${await this.#tokenFor(scheme, scopes, scopes).get(signal)}`;
		const login = await this.#deps.source?.login(signal);
		return login?.kind === "basic" ? formatBasic(login) : undefined;
	}

	/**
	 * Another header after a 401, or undefined when there is none to try.
	 *
	 * @param sent the header that was refused
	 * @throws RemoteError
	 */
	async another(
		challenges: readonly Challenge[],
		scopes: readonly string[],
		sent: string | undefined,
		signal: AbortSignal,
	): Promise<string | undefined> {
		this.challenged(challenges);
		const scheme = this.#scheme;
		if (scheme?.kind !== "bearer") return await this.#anotherBasic(scopes, sent, signal);
		const asked = challenges.find(({ scheme: name }) => name === "bearer")?.parameters.scope;
		// Where the registry knows the repository by another name than the one asked for, it says so.
		const wanted = asked === undefined || asked === "" ? scopes : asked.split(" ");
		this.#tokens.delete(keyOf(scheme, scopes));
		return `Bearer ${await this.#tokenFor(scheme, scopes, wanted).get(signal)}`;
	}

	async #anotherBasic(
		scopes: readonly string[],
		sent: string | undefined,
		signal: AbortSignal,
	): Promise<string | undefined> {
		const header = await this.header(scopes, signal);
		if (header === undefined || header !== sent) return header;
		const login = await this.#deps.source?.login(signal);
		if (login === undefined || this.#deps.source?.forget(login) !== true) return undefined;
		return await this.header(scopes, signal);
	}

	/** @param scopes under which the token is kept. @param wanted what it is asked for */
	#tokenFor(scheme: TokenService, scopes: readonly string[], wanted: readonly string[]): Renewed<string> {
		const key = keyOf(scheme, scopes);
		const known = this.#tokens.get(key);
		if (known !== undefined) return known;
		const token = new Renewed(this.#deps, async (signal) => {
			const login = await this.#deps.source?.login(signal);
			return await this.#fetch(scheme, wanted, login, signal);
		});
		this.#tokens.set(key, token);
		return token;
	}

	async #fetch(scheme: TokenService, scopes: readonly string[], login: Login | undefined, signal: AbortSignal) {
		const { ask, source } = this.#deps;
		try {
			return await fetchToken(ask, scheme, { scopes, login }, signal);
		} catch (error) {
			if (!(error instanceof RemoteError) || error.code !== "REFUSED" || login === undefined) throw error;
			if (source?.forget(login) !== true) throw error;
			return await fetchToken(ask, scheme, { scopes, login: await source.login(signal) }, signal);
		}
	}

	#schemeOf(challenges: readonly Challenge[]): Scheme | undefined {
		const bearer = challenges.find(({ scheme, parameters }) => scheme === "bearer" && parameters.realm !== undefined);
		if (bearer !== undefined) {
			return {
				kind: "bearer",
				realm: this.#realmOf(bearer.parameters.realm ?? ""),
				service: bearer.parameters.service,
			};
		}
		return challenges.some(({ scheme }) => scheme === "basic") ? { kind: "basic" } : undefined;
	}

	/** A registry names who gets the password: that must be no one who listens in, nor anything else than a web server. */
	#realmOf(text: string): URL {
		const realm = URL.parse(text, this.#registry);
		const isOwn = realm?.protocol === this.#registry.protocol && realm.hostname === this.#registry.hostname;
		const isSafe = realm !== null && realm.username === "" && realm.password === "";
		if (isSafe && (realm.protocol === "https:" || isOwn)) return realm;
		throw new RemoteError(
			"INVALID",
			`${this.#registry.origin} sends its clients to ${realm?.origin ?? "nowhere"} for tokens, which is neither HTTPS nor the same host`,
		);
	}
}

const keyOf = ({ realm, service }: TokenService, scopes: readonly string[]): string =>
	[realm.href, service ?? "", ...scopes].join("\n");
