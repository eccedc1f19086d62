/** Shown instead of a secret. */
export const MASK = "***";

const SECRET_KEYS: ReadonlySet<string> = new Set([
	"password",
	"secret",
	"secretAccessKey",
	"sessionToken",
	"accountKey",
	"connectionString",
]);

/** Whether the value at this place of the configuration is a secret. The database's URL may hold a password. */
export const isSecretPath = (path: readonly PropertyKey[]): boolean => {
	const last = path.at(-1);
	return typeof last === "string" && (SECRET_KEYS.has(last) || (last === "url" && path.includes("postgres")));
};

/** The text without the credentials that a URL in it may hold before its host. */
export const maskUrl = (text: string): string => text.replace(/:\/\/[^/\s]*@/g, `://${MASK}@`);

/** A copy of a configuration that can be printed: secrets are masked, also those that an address holds. */
export const maskSecrets = (value: unknown, path: readonly PropertyKey[] = []): unknown => {
	if (value !== undefined && isSecretPath(path)) return MASK;
	if (Array.isArray(value)) return value.map((member, i) => maskSecrets(member, [...path, i]));
	if (typeof value === "string") return maskUrl(value);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, maskSecrets(member, [...path, key])]));
};
