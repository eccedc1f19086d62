import type { Environment } from "@marcbachmann/cel-js";

/** The parts as they were written: a URL class would normalise them. */
const form = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/((?:[^/?#@]*@)?([^/?#]*)))?([^?#]*)(?:\?([^#]*))?(?:#.*)?$/;

class UrlValue {
	readonly scheme: string;
	readonly host: string;
	readonly path: string;
	readonly query: string;

	constructor(text: string) {
		const match = form.exec(text);
		if (match === null && !text.startsWith("/")) throw new Error("URL parse error during conversion from string");
		const [path = "", query = ""] = text.split("#", 1).join("").split("?", 2);
		this.scheme = match?.[1] ?? "";
		this.host = match?.[3] ?? "";
		this.path = match === null ? path : (match[4] ?? "");
		this.query = (match === null ? query : match[5]) ?? "";
	}
}

const isUrl = (text: string): boolean =>
	form.test(text) ? URL.canParse(text) || !text.includes("://") : text.startsWith("/");

const hostname = (url: UrlValue): string =>
	url.host.startsWith("[") ? url.host.slice(1, url.host.indexOf("]")) : (url.host.split(":")[0] ?? "");

const queryOf = (url: UrlValue): Map<string, string[]> => {
	const values = new Map<string, string[]>();
	for (const [name, value] of new URLSearchParams(url.query)) values.set(name, [...(values.get(name) ?? []), value]);
	return values;
};

/** Kubernetes' URL library. */
export const addUrlFunctions = (env: Environment): void => {
	env.registerType("net.URL", UrlValue);
	env.registerFunction("url(string): net.URL", (text: string) => {
		if (!isUrl(text)) throw new Error("URL parse error during conversion from string");
		return new UrlValue(text);
	});
	env.registerFunction("isURL(string): bool", isUrl);
	env.registerFunction("net.URL.getScheme(): string", (url: UrlValue) => url.scheme);
	env.registerFunction("net.URL.getHost(): string", (url: UrlValue) => url.host);
	env.registerFunction("net.URL.getHostname(): string", hostname);
	env.registerFunction("net.URL.getPort(): string", (url: UrlValue) => /:(\d*)$/.exec(url.host)?.[1] ?? "");
	env.registerFunction("net.URL.getEscapedPath(): string", (url: UrlValue) => encodeURI(decodeURI(url.path)));
	env.registerFunction("net.URL.getQuery(): map<string, list<string>>", queryOf);
};
