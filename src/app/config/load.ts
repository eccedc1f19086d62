import { CodedError } from "#/lib/coded-error.ts";
import { type Environment, overlayEnvironment, type RawDocument } from "./environment.ts";
import { readYaml, YamlError } from "./read-yaml.ts";
import { type Config, configSchema } from "./schema.ts";
import { isSecretPath, MASK, maskUrl } from "./secrets.ts";

/** The configuration cannot be used; the message names every wrong key, its value and what was expected. */
export class ConfigError extends CodedError<"CONFIG_INVALID"> {
	override readonly name = "ConfigError";

	constructor(message: string, options?: ErrorOptions) {
		super("CONFIG_INVALID", message, options);
	}
}

/**
 * Parses a configuration document and lays the environment over it.
 *
 * @param source where the text came from, for messages
 * @throws ConfigError
 */
export const parseConfig = (text: string, source: string, environment: Environment): Config => {
	const { document } = overlayEnvironment(configSchema, parseDocument(text, source), environment);
	const parsed = configSchema.safeParse(document);
	if (parsed.success) return withDefaultStore(parsed.data);
	const lines = parsed.error.issues.flatMap((issue) =>
		issue.code === "unrecognized_keys"
			? issue.keys.map((key) => `${pathOf([...issue.path, key])}: no such key`)
			: [`${pathOf(issue.path)}: ${valueAt(document, issue.path)}: ${expectation(issue.message)}`],
	);
	throw new ConfigError(`the configuration (${source}) is not valid:\n  ${lines.join("\n  ")}`);
};

const parseDocument = (text: string, source: string): RawDocument => {
	try {
		const document = readYaml(text) ?? {};
		if (typeof document !== "object" || document === null || Array.isArray(document)) {
			throw new ConfigError(`the configuration (${source}) is not valid: expected keys and values`);
		}
		return { ...document };
	} catch (error) {
		if (error instanceof YamlError)
			throw new ConfigError(`the configuration (${source}) is not YAML: ${error.message}`, { cause: error });
		throw error;
	}
};

/** The store that projects use when they name none. */
const withDefaultStore = (config: Config): Config => ({
	...config,
	stores: { ...config.stores, default: config.stores.default ?? { filesystem: {} } },
});

const pathOf = (path: readonly PropertyKey[]): string =>
	path.length === 0 ? "(document)" : path.map(String).join(".");

const valueAt = (document: unknown, path: readonly PropertyKey[]): string => {
	if (isSecretPath(path)) return MASK;
	let value: unknown = document;
	for (const key of path) value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
	if (value === undefined) return "nothing given";
	// What is below may be a secret, even under a misspelt key: the keys are enough to find it by.
	if (Array.isArray(value)) return "got a list";
	if (typeof value === "object" && value !== null) return `got {${Object.keys(value).join(", ")}}`;
	return `got ${maskUrl(JSON.stringify(value)).slice(0, 200)}`;
};

const expectation = (message: string): string => message.replace(/^Invalid (input|option|string|type): /, "");
