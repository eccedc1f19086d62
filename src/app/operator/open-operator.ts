/** The operator in a cluster: one of several processes works, all of them know what there is. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { collectDefaultMetrics, Registry as MetricsRegistry } from "prom-client";
import type winston from "winston";
import { controllerMetrics } from "#/app/metrics/controller-metrics.ts";
import { readVersion } from "#/app/read-version.ts";
import { hashPasswordWith } from "#/auth/passwords.ts";
import { SERVICE_ACCOUNTS } from "#/kube/resource-type.ts";
import type { KubeConnection } from "#/kube/rest/connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { systemTiming } from "#/lib/timing.ts";
import { ClusterActuator } from "#/operator/registry/cluster/cluster-actuator.ts";
import { MADE_FOR_REGISTRIES } from "#/operator/registry/cluster/names.ts";
import { OWNED_TYPES } from "#/operator/registry/cluster/owned-types.ts";
import { idSource } from "#/registry/new-id.ts";
import { Caches } from "./caches.ts";
import { describeCall } from "./describe-call.ts";
import { Leadership } from "./leadership.ts";
import { openHealth } from "./open-health.ts";
import type { OperatorOptions } from "./operator-options.ts";
import { restMetrics } from "./rest-metrics.ts";
import { runControllers } from "./run-controllers.ts";

/** An operator that runs. Disposing it stops it in good order, and leaves the lease to another. */
export interface Operator extends AsyncDisposable {
	/** Rejects when it cannot go on. */
	readonly ended: Promise<void>;
}

/** What {@link openOperator} works with. */
export interface OperatorDeps {
	readonly connection: KubeConnection;
	readonly logger: winston.Logger;
	/** Told apart from other processes by this, in the Lease: a pod's name, for people. */
	readonly podName: string | undefined;
}

/** Opens it. Resolves when it listens. @throws ConfigError */
export const openOperator = async (options: OperatorOptions, deps: OperatorDeps): Promise<Operator> => {
	const { connection, logger } = deps;
	await using opening = new AsyncDisposableStack();
	const metrics = new MetricsRegistry();
	collectDefaultMetrics({ register: metrics });
	const rest = { connection, timing: systemTiming, observe: restMetrics(metrics) };
	const client = opening.use(new RestClient(rest));
	// Of its own, so that nothing else can hold up a renewal.
	const leaseClient = opening.use(new RestClient(rest));
	const newId = idSource();
	const holder = `${deps.podName ?? hostname()}_${newId()}`;
	const namespace = options.lease?.namespace ?? connection.namespace ?? "default";
	const lease = { namespace, name: options.lease?.name ?? "limani-operator", identity: holder };
	const report = (error: unknown) => logger.warn("cache.failed", { error: describeCall(error) });
	const caches = new Caches({ client, timing: systemTiming, report }, { ...options, allSecrets: false });
	const actuator = opening.use(
		createActuator(options, { client, caches, namespace: connection.namespace ?? namespace }),
	);
	const leadership = new Leadership(
		{ client: leaseClient, timing: systemTiming, now: Date.now, logger, metrics },
		lease,
	);
	const stopping = new AbortController();
	const isStopping = () => stopping.signal.aborted;
	opening.use(await openHealth(options.listen, { caches, metrics, logger, isStopping }));
	const caching = new AbortController();
	const cached = caches.run(caching.signal);
	const common = { client, actuator, logger, timing: systemTiming, now: Date.now, newId, randomBytes, holder };
	const meters = controllerMetrics(metrics);
	const ended = leadership.run(
		(term) =>
			runControllers(
				{ ...common, meters, leads: () => term.held, hashPassword: hashPasswordWith },
				caches.stores,
				term.signal,
			),
		stopping.signal,
	);
	opening.defer(async () => {
		stopping.abort();
		await ended.catch(() => undefined);
		caching.abort();
		await cached;
	});
	const resources = opening.move();
	return { ended, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

interface ActuatorParts {
	readonly client: RestClient;
	readonly caches: Caches;
	/** Where the operator runs. */
	readonly namespace: string;
}

const createActuator = ({ image, podLabels }: OperatorOptions, { client, caches, namespace }: ActuatorParts) => {
	const { stores } = caches;
	const made = OWNED_TYPES.map((type) =>
		type === SERVICE_ACCOUNTS
			? stores.serviceAccounts
			: caches.keep({ type, selection: { labelSelector: MADE_FOR_REGISTRIES } }),
	);
	return new ClusterActuator({
		client,
		image,
		version: readVersion(),
		operator: { namespace, labels: podLabels },
		made: [...made, stores.ownSecrets],
		now: Date.now,
		randomBytes,
	});
};
