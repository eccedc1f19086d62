import { z } from "zod";

/** A name and what goes with it. */
export interface Login {
	readonly username: string;
	readonly password: string;
}

/** The entries of a Secret, as texts. */
type Entries = { readonly [key: string]: string | undefined };

const dockerConfig = z.object({
	auths: z.record(
		z.string(),
		z.object({ username: z.string().optional(), password: z.string().optional(), auth: z.string().optional() }),
	),
});

/** Docker Hub has one name in people's configuration, and others on the wire. */
const DOCKER_HUB: ReadonlySet<string> = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** The entries that make a Secret a login, for people who are to write one. */
export const LOGIN_ENTRIES = "username and password, or .dockerconfigjson";

/**
 * The login that a Secret holds for a registry: its `username` and `password`, or the entry for that host in its
 * `.dockerconfigjson`, as docker login writes it. Absent when it holds none.
 *
 * @param host of the registry, with the port unless it is the scheme's own
 */
export const readLogin = (entries: Entries, host: string): Login | undefined => {
	const { username, password } = entries;
	if (username !== undefined && password !== undefined) {
		const plain = { username: withoutNewline(username), password: withoutNewline(password) };
		return plain.username === "" || plain.password === "" ? undefined : plain;
	}
	const config = dockerConfig.safeParse(parseJson(entries[".dockerconfigjson"]));
	if (!config.success) return undefined;
	const found = Object.entries(config.data.auths).find(([key]) => isSameHost(hostOf(key), host))?.[1];
	if (found === undefined) return undefined;
	const [name = "", ...secret] = Buffer.from(found.auth ?? "", "base64")
		.toString("utf8")
		.split(":");
	const login = { username: found.username ?? name, password: found.password ?? secret.join(":") };
	return login.username === "" || login.password === "" ? undefined : login;
};

/** Editors and `echo` end a file so; key files have newlines within, which count. */
const withoutNewline = (text: string): string => text.replace(/\r?\n$/, "");

/** Of `HOST`, `https://HOST` and `https://HOST/v1/` alike. */
const hostOf = (key: string): string => key.replace(/^https?:\/\//, "").replace(/\/.*$/, "");

const isSameHost = (a: string, b: string): boolean => a === b || (DOCKER_HUB.has(a) && DOCKER_HUB.has(b));

const parseJson = (text: string | undefined): unknown => {
	try {
		return text === undefined ? undefined : JSON.parse(text);
	} catch {
		return undefined;
	}
};
