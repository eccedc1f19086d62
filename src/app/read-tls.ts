import { createSecureContext } from "node:tls";
import { ConfigError } from "./config/load.ts";
import { readConfigFile } from "./read-config-file.ts";

/** A server's certificate chain and key, PEM. */
export interface TlsFiles {
	readonly cert: string;
	readonly key: string;
}

/**
 * Reads the certificate and key that the configuration names; undefined when it names none.
 *
 * @param section where they stand in the configuration, for messages
 * @throws ConfigError when they cannot be read or do not fit one another
 */
export const readTls = async (
	section: string,
	files: { readonly certFile?: string | undefined; readonly keyFile?: string | undefined } | undefined,
): Promise<TlsFiles | undefined> => {
	const { certFile, keyFile } = files ?? {};
	if (certFile === undefined || keyFile === undefined) return undefined;
	const cert = await readConfigFile(`${section}.certFile`, certFile);
	const key = await readConfigFile(`${section}.keyFile`, keyFile);
	try {
		createSecureContext({ cert, key });
	} catch (cause) {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new ConfigError(
			`${section}: got ${certFile} and ${keyFile}: expected a PEM certificate and its key (${why})`,
			{
				cause,
			},
		);
	}
	return { cert, key };
};
