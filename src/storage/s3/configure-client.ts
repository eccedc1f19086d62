import { readFile } from "node:fs/promises";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { StoreError } from "#/storage/store-error.ts";
import type { S3StoreDeps, S3StoreOpts, StaticKeys } from "./s3-store-opts.ts";

/** Connections to the service at once; each blob on its way to a client has one. */
const MAX_CONNECTIONS = 512;

const CONNECT_MS = 5_000;

const IDLE_MS = 30_000;

/** Requests in all, first and repeated ones, with pauses that double between. */
const MAX_ATTEMPTS = 4;

/**
 * How the SDK is set up.
 *
 * @throws StoreError UNAVAILABLE when `caFile` cannot be read
 */
export const configureClient = async (opts: S3StoreOpts, deps: S3StoreDeps): Promise<S3ClientConfig> => {
	const ca = opts.caFile === undefined ? undefined : await readAuthorities(opts.caFile);
	const agent = { keepAlive: true, maxSockets: MAX_CONNECTIONS, ...(deps.lookup && { lookup: deps.lookup }) };
	return {
		region: opts.region,
		forcePathStyle: opts.pathStyle,
		...(opts.endpoint !== undefined && { endpoint: opts.endpoint }),
		...(opts.keys && { credentials: credentialsOf(opts.keys) }),
		maxAttempts: MAX_ATTEMPTS,
		retryMode: "standard",
		requestHandler: {
			connectionTimeout: CONNECT_MS,
			socketTimeout: opts.idleMs ?? IDLE_MS,
			httpAgent: agent,
			httpsAgent: { ...agent, ...(ca !== undefined && { ca }) },
		},
		// The hash of the body is in the signature; other checksums are not understood everywhere.
		requestChecksumCalculation: "WHEN_REQUIRED",
		responseChecksumValidation: "WHEN_REQUIRED",
		// It would take a new connection for each part.
		expectContinueHeader: false,
	};
};

const credentialsOf = ({
	accessKeyId,
	secretAccessKey,
	sessionToken,
}: StaticKeys): StaticKeys & { sessionToken?: string } => ({
	accessKeyId,
	secretAccessKey,
	...(sessionToken !== undefined && { sessionToken }),
});

const readAuthorities = async (path: string): Promise<string> => {
	try {
		return await readFile(path, "utf8");
	} catch (cause) {
		throw unreadable(path, cause);
	}
};

const unreadable = (path: string, cause: unknown): StoreError =>
	new StoreError("UNAVAILABLE", `the caFile ${path} cannot be read`, { cause });
