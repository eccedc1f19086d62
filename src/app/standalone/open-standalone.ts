/** Everything in one process on one machine: a Kubernetes API, the operator, and the registries that it is to run. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { Registry as MetricsRegistry } from "prom-client";
import type winston from "winston";
import { ConfigError } from "#/app/config/load.ts";
import { describe } from "#/app/logger.ts";
import { controllerMetrics } from "#/app/metrics/controller-metrics.ts";
import type { Stores } from "#/app/operator/caches.ts";
import { startControllers } from "#/app/operator/start-controllers.ts";
import { readVersion } from "#/app/read-version.ts";
import { hashPasswordWith } from "#/auth/passwords.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { openEmbeddedApi } from "#/kube-embedded/embedded-api.ts";
import { systemTiming } from "#/lib/timing.ts";
import { writeDurably } from "#/lib/write-durably.ts";
import { idSource } from "#/registry/new-id.ts";
import { AllottedAddresses } from "./allotted-addresses.ts";
import { applyDefinitions } from "./apply-definitions.ts";
import { ManifestApplier } from "./manifests/manifest-applier.ts";
import { typeOf } from "./manifests/type-of.ts";
import { type NotReady, notReadyOf, type RunningRegistries, type StoresByKind, whenReady } from "./readiness.ts";
import { StandaloneActuator } from "./standalone-actuator.ts";
import type { StandaloneOptions } from "./standalone-options.ts";

/** Standalone mode that runs. Disposing it stops everything, in good order. */
export interface Standalone extends AsyncDisposable {
	readonly stores: Stores;
	/** Address of the Kubernetes API. */
	readonly kubeUrl: string;
	/** Path of the file that kubectl and helm need. */
	readonly kubeconfig: string;
	/** Resolves when the manifests are applied and all that they name is Ready. */
	whenReady(signal: AbortSignal): Promise<void>;
	/** Rejects when the operator cannot go on. */
	readonly ended: Promise<void>;
}

/** Opens it. Resolves when the Kubernetes API answers and the operator is at work. @throws ConfigError, StoreError */
export const openStandalone = async (options: StandaloneOptions, logger: winston.Logger): Promise<Standalone> => {
	const { directory, manifests } = options;
	await using opening = new AsyncDisposableStack();
	const api = opening.use(await openApi(options, logger));
	const kubeconfig = join(directory, "kubeconfig");
	writeDurably(kubeconfig, api.kubeconfig);
	const caFile = join(directory, "kubernetes-ca.crt");
	writeDurably(caFile, api.ca);
	const connection = plainConnection({ url: api.url, ca: api.ca, token: api.token });
	const client = opening.use(new RestClient({ connection, timing: systemTiming }));
	await applyDefinitions(client, AbortSignal.timeout(30_000));
	const waiting = new Waiting();
	const addresses = openAddresses(options);
	const metrics = new MetricsRegistry();
	const cluster = { apiServer: api.url, caFile };
	const actuator = opening.use(createActuator(options, { addresses, cluster, logger, waiting, metrics }));
	const operating = new AbortController();
	const { stores, ended } = startOperator({ client, actuator, logger, metrics }, operating.signal);
	// In the order in which they were made, and not that in which workers get to them.
	opening.use(
		stores.registries.subscribe(({ before, after }) => {
			if (before === undefined && after?.metadata.uid !== undefined) addresses.allot(after.metadata.uid);
		}),
	);
	opening.defer(async () => {
		operating.abort();
		await ended.catch(() => undefined);
	});
	const report = (message: string) => logger.error("manifests.failed", { error: message });
	const applier = opening.use(new ManifestApplier({ client, typeOf, report }, manifests));
	const byKind = {
		Registry: stores.registries,
		Project: stores.projects,
		RobotAccount: stores.robotAccounts,
		RetentionPolicy: stores.retentionPolicies,
		ReplicationPolicy: stores.replicationPolicies,
		BackupSchedule: stores.backupSchedules,
	};
	const resources = opening.move();
	return {
		stores,
		kubeUrl: api.url,
		kubeconfig,
		ended,
		whenReady: async (signal) => {
			const applied = await applier.applyUntilDone(signal);
			waiting.expect(applied, byKind, actuator);
			await whenReady(applied, byKind, actuator, signal);
			waiting.done();
		},
		[Symbol.asyncDispose]: () => resources.disposeAsync(),
	};
};

/** What the registries wait for before they call themselves ready: everything that the manifests name, once. */
class Waiting {
	#look: (() => readonly NotReady[]) | undefined;
	#isDone = false;

	expect(objects: readonly KubeObject[], stores: StoresByKind, registries: RunningRegistries): void {
		this.#look = () => notReadyOf(objects, stores, registries);
	}

	done(): void {
		this.#isDone = true;
	}

	for(): string | undefined {
		if (this.#isDone) return undefined;
		if (this.#look === undefined) return "the manifests are not all applied";
		const [first] = this.#look();
		return first === undefined ? undefined : `${first.kind} ${first.key} is not Ready: ${first.message}`;
	}
}

const openApi = async ({ directory, kubeListen }: StandaloneOptions, logger: winston.Logger) => {
	try {
		return await openEmbeddedApi({
			directory: join(directory, "kubernetes"),
			listen: kubeListen,
			now: Date.now,
			randomBytes,
			log: (message, error) => logger.error("kubernetes-api.failed", { what: message, error: describe(error) }),
		});
	} catch (cause) {
		if (!(cause instanceof Error && "syscall" in cause && cause.syscall === "listen")) throw cause;
		const { host, port } = kubeListen;
		const expected = "expected an address of this machine that is free";
		throw new ConfigError(`--kube-listen: got ${host}:${port}: ${expected} (${cause.message})`, { cause });
	}
};

const openAddresses = ({ directory, listen, kubeListen }: StandaloneOptions): AllottedAddresses =>
	new AllottedAddresses({
		file: join(directory, "addresses.json"),
		first: listen,
		reserved: new Set(kubeListen.host === listen.host ? [kubeListen.port] : []),
	});

interface ActuatorParts {
	readonly addresses: AllottedAddresses;
	/** Of the Kubernetes API. */
	readonly cluster: { readonly apiServer: string; readonly caFile: string };
	readonly logger: winston.Logger;
	readonly waiting: Waiting;
	/** Of the operator, which each registry tells with its own. */
	readonly metrics: MetricsRegistry;
}

const createActuator = (
	{ directory }: StandaloneOptions,
	{ addresses, cluster, logger, waiting, metrics }: ActuatorParts,
): StandaloneActuator =>
	new StandaloneActuator({
		directory: join(directory, "registries"),
		archives: join(directory, "archives"),
		addresses,
		cluster,
		logger,
		logRequests: logger.isInfoEnabled(),
		version: readVersion(),
		surroundings: { waitsFor: () => waiting.for(), metrics },
	});

interface OperatorParts {
	readonly client: KubeClient;
	readonly actuator: StandaloneActuator;
	readonly logger: winston.Logger;
	readonly metrics: MetricsRegistry;
}

const startOperator = ({ client, actuator, logger, metrics }: OperatorParts, signal: AbortSignal) => {
	const newId = idSource();
	return startControllers(
		{
			client,
			actuator,
			logger,
			timing: systemTiming,
			now: Date.now,
			newId,
			randomBytes,
			meters: controllerMetrics(metrics),
			holder: `${hostname()}-${process.pid}-${newId()}`,
			// The directory is locked: there is no other.
			leads: () => true,
			hashPassword: hashPasswordWith,
		},
		{ allSecrets: true },
		signal,
	);
};
