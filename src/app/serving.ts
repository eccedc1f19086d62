/** What one process needs to answer clients: assembled here, over metadata and stores that are already open. */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type winston from "winston";
import { type Auth, openAuth } from "#/auth/auth.ts";
import { formatChallenges } from "#/auth/challenge.ts";
import type { TrustedIssuer } from "#/auth/workload/workload-tokens.ts";
import { accessLog } from "#/http/access-log.ts";
import { type ClientOf, createClientOf } from "#/http/client-of.ts";
import type { OperationsDeps } from "#/http/operations.ts";
import { originOf } from "#/http/origin-of.ts";
import { createRequestIds } from "#/http/request-ids.ts";
import { requestMetrics } from "#/http/request-metrics.ts";
import type { RequestObserver } from "#/http/request-observer.ts";
import { createHttpServer, DEFAULT_SERVER_LIMITS } from "#/http/server.ts";
import { createV2Handler } from "#/http/v2/handler.ts";
import { createOperationsApp, createWebApp } from "#/http/web-app.ts";
import { parseNetwork } from "#/lib/address-set.ts";
import { systemClock } from "#/lib/clock.ts";
import { JsonLines } from "#/lib/json-lines.ts";
import { createRegistry } from "#/registry/create-registry.ts";
import { PullRecorder } from "#/registry/pull-recorder.ts";
import type { Registry } from "#/registry/registry.ts";
import type { Config } from "./config/schema.ts";
import { listen } from "./listen.ts";
import { reportTo, writeStdout } from "./logger.ts";
import { meteredUploads } from "./metrics/metered-uploads.ts";
import { openIssuers } from "./open-issuers.ts";
import type { ProcessParts } from "./process-parts.ts";
import { readTls } from "./read-tls.ts";
import { registryDepsOf } from "./registry-deps.ts";

/** The metrics of all processes of this registry on this machine, in the text format. */
export type MetricsText = () => Promise<{ readonly contentType: string; readonly text: string }>;

/** What answers clients and operators. Disposing it lets requests finish within the drain time, then cuts them off. */
export interface Serving extends AsyncDisposable {
	readonly registry: Registry;
	/** To be called when this process has changed what projects allow, so that it counts at once. */
	forgetRules(): void;
	/** Listens where the configuration says. @throws ConfigError when an address cannot be had */
	listen(): Promise<void>;
}

/** Assembles the server of one process. */
export const openServing = async (
	parts: ProcessParts,
	metrics: MetricsText,
	waitsFor: () => string | undefined = () => undefined,
): Promise<Serving> => {
	const { config, logger } = parts;
	await using opening = new AsyncDisposableStack();
	const { issuers } = opening.use(await openIssuers(config, logger));
	const auth = opening.use(await openConfiguredAuth(parts, issuers));
	const pulls = new PullRecorder({ pulls: parts.metadata.pulls, clock: systemClock, report: reportTo(logger) });
	const registry = openRegistry(parts, pulls);
	opening.use(recording(pulls));
	let stopping = false;
	const face: Face = {
		auth,
		registry,
		metrics,
		waitsFor,
		observer: createObserver(parts, opening.use(new JsonLines(writeStdout))),
		requestId: createRequestIds(),
		clientOf: createClientOf(
			config.trustedProxies.flatMap((text) => parseNetwork(text) ?? []),
			warnOnce(logger),
		),
		isStopping: () => stopping,
	};
	const tls = await readTls("tls", config.tls);
	const { server, drain } = createHttpServer({
		v2: createV2(config, face),
		app: createApp(parts, face),
		limits: limitsOf(config),
		tls,
	});
	const operations = config.operations.listen === undefined ? undefined : openOperations(parts, face);
	const resources = opening.move();
	return {
		registry,
		forgetRules: () => auth.forgetRules(),
		async listen() {
			if (operations !== undefined) await listen(operations, config.operations.listen ?? "");
			await listen(server, config.listen);
		},
		async [Symbol.asyncDispose]() {
			stopping = true;
			await sleep(config.limits.stopDelay);
			await drain(config.limits.drain);
			await registry.uploads.drain(AbortSignal.timeout(5_000)).catch(() => undefined);
			operations?.close();
			operations?.closeAllConnections();
			await resources.disposeAsync();
		},
	};
};

/** Writes pulls until it is disposed of, and then what was noted last, for so long as a stop may wait for that. */
const recording = (pulls: PullRecorder): AsyncDisposable => {
	const stopping = new AbortController();
	const running = pulls.run(stopping.signal);
	return {
		async [Symbol.asyncDispose]() {
			stopping.abort();
			await Promise.race([running, sleep(LAST_PULLS_MS, undefined, { ref: false })]);
		},
	};
};

const LAST_PULLS_MS = 5_000;

const openRegistry = (parts: ProcessParts, pulls: PullRecorder): Registry => {
	const registry = createRegistry({ ...registryDepsOf(parts), pulls });
	return { ...registry, uploads: meteredUploads(registry.uploads, parts.meters.uploads) };
};

/** What the handlers of all endpoints share. */
interface Face {
	readonly auth: Auth;
	readonly registry: Registry;
	readonly metrics: MetricsText;
	/** What the registry waits for before it is called ready, beside what it needs itself. */
	readonly waitsFor: () => string | undefined;
	readonly observer: RequestObserver;
	readonly requestId: (request: IncomingMessage) => string;
	readonly clientOf: ClientOf;
	readonly isStopping: () => boolean;
}

const createV2 = (config: Config, { auth, registry, observer, requestId, clientOf, isStopping }: Face) => {
	const { externalUrl, listen } = config;
	return createV2Handler({
		registry,
		authenticator: auth.authenticator,
		clientOf,
		challenge: (request, challenge) =>
			formatChallenges({
				realm: `${originOf({ externalUrl, listen, clientOf }, request)}/token`,
				service: config.auth.service,
				basic: config.auth.basic,
				...challenge,
			}),
		observer,
		requestId,
		isStopping,
	});
};

const createApp = (parts: ProcessParts, face: Face) => {
	const { config } = parts;
	const { auth, observer, requestId, clientOf } = face;
	const { tokenService, keyring } = auth;
	return createWebApp({
		operations: operationsOf(parts, face),
		showMetrics: config.operations.listen === undefined,
		token: { tokenService, keyring, service: config.auth.service, observer, requestId, clientOf },
	});
};

const openOperations = (parts: ProcessParts, face: Face): Server =>
	createServer(createOperationsApp(operationsOf(parts, face)));

const operationsOf = (
	{ metadata, logger, awayStores }: ProcessParts,
	{ metrics, waitsFor, isStopping }: Face,
): OperationsDeps => ({
	ready: async (signal) => {
		await metadata.ping(signal);
		return waitsFor();
	},
	remarks: () => awayStores().map(({ name }) => `the blob store ${name} does not answer, the log says more`),
	metrics,
	isStopping,
	report: (error) => reportTo(logger)({ event: "readiness.failed", level: "warn", error }),
});

/** All clients behind a proxy that is not believed count as one, which is seen late and understood later. */
const warnOnce = (logger: winston.Logger): ((peer: string | undefined) => void) => {
	let warned = false;
	return (address) => {
		if (warned) return;
		warned = true;
		logger.warn("proxy.not-trusted", { address, key: "trustedProxies" });
	};
};

const createObserver = ({ config, meters }: ProcessParts, lines: JsonLines): RequestObserver => {
	const log = accessLog(lines, Date.now, config.log.requests ? "all" : "failures");
	const all = [requestMetrics(meters.registry), log];
	return {
		observe: (record) => {
			for (const observer of all) observer.observe(record);
		},
	};
};

const openConfiguredAuth = async (
	{ config, metadata, logger, masterKey }: ProcessParts,
	issuers: readonly TrustedIssuer[],
): Promise<Auth> => {
	const { service, tokenLifetime, refreshTokenLifetime, signingKeyLifetime, basic, anonymousPull } = config.auth;
	const report = reportTo(logger);
	return openAuth(
		{
			metadata,
			masterKey,
			now: Date.now,
			randomBytes,
			issuers,
			onRefreshError: (error) => report({ event: "keys.refresh-failed", level: "warn", error }),
		},
		{
			// The same at every replica, whatever address each one listens on.
			issuer: config.externalUrl ?? service,
			service,
			tokenLifetimeS: Math.floor(tokenLifetime / 1000),
			refreshTokenLifetimeMs: refreshTokenLifetime,
			signingKeyLifetimeMs: signingKeyLifetime,
			basic,
			anonymousPull,
		},
	);
};

const limitsOf = (config: Config) => ({
	...DEFAULT_SERVER_LIMITS,
	stallMs: config.limits.stall,
	maxConnections: config.limits.maxConnections,
});
