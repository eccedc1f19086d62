import type { WireRequest } from "./wire.ts";

/** Headers that hold nothing but a secret. */
const SECRET_HEADERS = ["authorization", "private-token"] as const;
/** Shorter values of a body are words, such as `password` and `limani`, and no secrets that anybody minted. */
const MIN_LENGTH = 16;

/** What a request shows that nobody else may see: its credentials, as they are sent and as people know them. */
export const shownSecrets = ({ headers, body }: WireRequest): readonly string[] => {
	const found = SECRET_HEADERS.flatMap((name) => {
		const value = headers?.[name];
		return value === undefined ? [] : credentialsIn(value);
	});
	const sent = typeof body === "string" ? valuesIn(body).filter(({ length }) => length >= MIN_LENGTH) : [];
	return [...found, ...sent].filter((text) => text !== "").toSorted((a, b) => b.length - a.length);
};

/** A text that a stranger wrote, without secrets and without characters that terminals obey. */
export const withoutSecrets = (text: string, secrets: readonly string[]): string =>
	secrets.reduce((left, secret) => left.replaceAll(secret, "***"), text).replaceAll(/\p{Cc}/gu, " ");

const credentialsIn = (header: string): readonly string[] => {
	const credentials = header.slice(header.indexOf(" ") + 1);
	if (!/^basic /i.test(header)) return [credentials];
	const plain = Buffer.from(credentials, "base64").toString("utf8");
	return [credentials, plain.slice(plain.indexOf(":") + 1)];
};

const valuesIn = (body: string): readonly string[] => {
	if (!body.startsWith("{")) return [...new URLSearchParams(body).values()];
	const parsed: unknown = JSON.parse(body);
	if (typeof parsed !== "object" || parsed === null) return [];
	return Object.values(parsed).filter((value) => typeof value === "string");
};
