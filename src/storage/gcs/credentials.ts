import { Storage } from "@google-cloud/storage";
import { untilAborted } from "#/lib/until-aborted.ts";
import { CredentialsError } from "./gcs-error.ts";
import type { UrlSigner } from "./sign-url.ts";

/** Who we are at the service. */
export interface Credentials {
	/** The headers of a request; a token is renewed in time. @throws CredentialsError */
	authorize(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
	/** Who signs URLs: with the key of a file, or by a request to the IAM service. @throws CredentialsError */
	findSigner(): Promise<UrlSigner>;
}

/**
 * Credentials as the SDK finds them.
 *
 * @param file a service account's key, or any other credentials file; undefined: the application default credentials
 */
export const findCredentials = (file: string | undefined): Credentials => {
	const { authClient } = new Storage(file === undefined ? {} : { keyFilename: file });
	return {
		authorize: async (signal) => {
			const headers = await untilAborted(signal, () => failAsCredentials(authClient.getRequestHeaders()));
			return Object.fromEntries(new Headers(headers));
		},
		findSigner: async () => {
			const { client_email: email } = await failAsCredentials(authClient.getCredentials());
			if (email === undefined)
				throw new CredentialsError("these credentials are no service account's, and cannot sign");
			return { email, sign: async (text) => Buffer.from(await failAsCredentials(authClient.sign(text)), "base64") };
		},
	};
};

/**
 * What the SDK throws has no kinds. A failure of the network, or of the service that gives tokens, may pass; all else
 * is for the operator to mend.
 */
const failAsCredentials = async <T>(work: Promise<T>): Promise<T> => {
	try {
		return await work;
	} catch (error) {
		if (!(error instanceof Error) || mayPass(error)) throw error;
		throw new CredentialsError(error.message, { cause: error });
	}
};

const mayPass = (error: Error): boolean => {
	const code = "code" in error ? error.code : undefined;
	if (typeof code === "string" && /^E[A-Z]+$/.test(code)) return code !== "ENOENT" && code !== "EACCES";
	const status = "status" in error ? error.status : undefined;
	return typeof status === "number" && status >= 429;
};
