import { RemoteError } from "./remote-error.ts";

/**
 * Where a registry's own answer leads, when it may lead to the registry alone: there goes what it is shown. A proxy that
 * does TLS for a registry that does not know of it is forgiven: `http` of the same host then means what was asked.
 *
 * @throws RemoteError INVALID for another origin, or what is no URL
 */
export const sameRegistry = (text: string, asked: URL): URL => {
	const url = URL.parse(text, asked);
	if (url?.origin === asked.origin) return withoutLogin(url);
	if (url?.hostname === asked.hostname && url.protocol === "http:" && asked.protocol === "https:") {
		return new URL(`${url.pathname}${url.search}`, asked.origin);
	}
	throw new RemoteError("INVALID", `${asked.origin}${asked.pathname} leads on to ${url?.origin ?? "nowhere"}`);
};

const withoutLogin = (url: URL): URL => new URL(`${url.pathname}${url.search}`, url.origin);
