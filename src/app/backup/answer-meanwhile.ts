import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { listen } from "#/app/listen.ts";
import { reportTo } from "#/app/logger.ts";
import type { ProcessParts } from "#/app/process-parts.ts";
import { readTls } from "#/app/read-tls.ts";
import { createOperationsApp } from "#/http/web-app.ts";

/**
 * Answers where probes look while the registry cannot serve yet: it lives, is not ready, and says why. Nobody ends a
 * process then that is busy for hours. Disposing it frees the address for the registry itself.
 *
 * @param waitsFor what keeps it from serving, in words for anybody
 * @throws ConfigError when the address cannot be had
 */
export const answerMeanwhile = async (
	{ config, logger, meters }: Pick<ProcessParts, "config" | "logger" | "meters">,
	waitsFor: string,
): Promise<AsyncDisposable> => {
	const { registry } = meters;
	const app = createOperationsApp({
		ready: async () => waitsFor,
		metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
		isStopping: () => false,
		report: (error) => reportTo(logger)({ event: "readiness.failed", level: "warn", error }),
	});
	const tls = config.operations.listen === undefined ? await readTls("tls", config.tls) : undefined;
	const server = tls === undefined ? createServer(app) : createTlsServer({ ...tls, minVersion: "TLSv1.2" }, app);
	await listen(server, config.operations.listen ?? config.listen);
	return {
		[Symbol.asyncDispose]: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
};
