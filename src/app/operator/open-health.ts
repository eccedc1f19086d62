import { createServer } from "node:http";
import type { Registry as MetricsRegistry } from "prom-client";
import type winston from "winston";
import { listen } from "#/app/listen.ts";
import { describe } from "#/app/logger.ts";
import { createOperationsApp } from "#/http/web-app.ts";
import type { Reflector } from "#/kube/reflector.ts";
import { systemTiming } from "#/lib/timing.ts";

/** What the operator's health is told by. */
export interface HealthDeps {
	readonly caches: {
		/** What is read from the API server, one for each type and namespace. */
		readonly reflectors: readonly Pick<Reflector, "type" | "store" | "lastContact" | "failure">[];
	};
	readonly metrics: MetricsRegistry;
	readonly logger: winston.Logger;
	readonly isStopping: () => boolean;
}

/** How long the API server may be silent before this process says that it knows too little, milliseconds. */
const SILENCE_MS = 60_000;

/** Serves `/livez`, which depends on nothing, `/readyz` and `/metrics`. @throws ConfigError when it cannot listen */
export const openHealth = async (
	address: string,
	{ caches, metrics, logger, isStopping }: HealthDeps,
): Promise<Disposable> => {
	const server = createServer(
		createOperationsApp({
			ready: async () => waitsFor(caches),
			metrics: async () => ({ contentType: metrics.contentType, text: await metrics.metrics() }),
			isStopping,
			report: (error) => logger.warn("readiness.failed", { error: describe(error) }),
		}),
	);
	await listen(server, address);
	return {
		[Symbol.dispose]: () => {
			server.close();
			server.closeAllConnections();
		},
	};
};

const waitsFor = ({ reflectors }: HealthDeps["caches"]): string | undefined => {
	const empty = reflectors.filter(({ store }) => !store.synced).map(({ type }) => type.plural);
	if (empty.length > 0) return `not read yet: ${[...new Set(empty)].join(", ")}`;
	const now = systemTiming.monotonic();
	const deaf = reflectors.filter(
		({ failure, lastContact = 0 }) => failure !== undefined && now - lastContact > SILENCE_MS,
	);
	return deaf.length === 0 ? undefined : `not heard of any more: ${deaf.map(({ type }) => type.plural).join(", ")}`;
};
