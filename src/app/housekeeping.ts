/** Work behind the requests, in one process of a machine: any number of machines may do it at once. */
import { hashPassword, Passwords } from "#/auth/passwords.ts";
import { robotVerifier } from "#/auth/robots.ts";
import type { Control } from "#/control/control.ts";
import { DataPlane } from "#/dataplane/data-plane.ts";
import { applyLocalResources, type LocalResources } from "#/dataplane/local-resources.ts";
import { sealedOutbox, sealedSnapshots } from "#/dataplane/sealed-journal.ts";
import { Collector } from "#/features/gc/index.ts";
import { createControlServer } from "#/http/admin/control-server.ts";
import { systemClock } from "#/registry/clock.ts";
import { Journaler } from "#/registry/journal/journaler.ts";
import { Pruner } from "#/registry/journal/pruner.ts";
import { Snapshotter } from "#/registry/journal/snapshotter.ts";
import { Sweeper } from "#/registry/sweeper.ts";
import type { Config } from "./config/schema.ts";
import { listen } from "./listen.ts";
import { reportTo } from "./logger.ts";
import { gcMetrics } from "./metrics/gc-metrics.ts";
import type { ProcessParts } from "./process-parts.ts";
import { readSecret } from "./read-secret.ts";
import { readTls } from "./read-tls.ts";

/** What works behind the requests. Disposing it waits for what is under way. */
export interface Housekeeping extends AsyncDisposable {
	/** The data plane, for who drives it in this process. */
	readonly control: Control;
}

/**
 * Starts sweeping, the journal, control and the configuration's own resources.
 *
 * @param onApplied called each time that resources were changed, before whoever changed them hears of it
 */
export const startHousekeeping = async (
	parts: ProcessParts,
	onApplied: () => void = () => undefined,
): Promise<Housekeeping> => {
	const { config, metadata, stores, holder, newId, masterKey } = parts;
	await using opening = new AsyncDisposableStack();
	const report = reportTo(parts.logger);
	const common = { stores, holder, newId, clock: systemClock, report };
	const { objects, uploads, history } = metadata;
	const outbox = sealedOutbox(metadata.outbox, masterKey);
	const snapshots = sealedSnapshots(metadata.snapshots, masterKey);
	const { sweepInterval, sweepClaim, staleIntent, journalLease, snapshotSegments, snapshotsKept } = config.housekeeping;
	const sweeper = new Sweeper(
		{ ...common, objects, uploads, history },
		{ intervalMs: sweepInterval, claimMs: sweepClaim, staleMs: staleIntent, idleUploadMs: config.limits.uploadIdle },
	);
	const { gcDelay, gcBatch, gcRate } = config.housekeeping;
	const collector = new Collector(
		{ ...common, collection: metadata.collection, objects, outbox, meter: gcMetrics(parts.meters.registry) },
		{ delayMs: gcDelay, batch: gcBatch, rate: gcRate, intervalMs: sweepInterval },
	);
	const journaler = new Journaler({ ...common, objects, outbox }, { leaseMs: journalLease });
	const intervalMs = Math.min(60_000, snapshotSegments * 1_000);
	const snapshotter = new Snapshotter(
		{ ...common, objects, outbox, snapshots },
		{ everySegments: snapshotSegments, intervalMs },
	);
	const pruner = new Pruner({ ...common, objects, outbox }, { kept: snapshotsKept, intervalMs });
	const control = new DataPlane({
		controlState: metadata.controlState,
		usages: metadata.usages,
		history,
		stores: new Set(stores.keys()),
		onApplied,
		features: {
			gc: async (_id, signal) => ({ ...(await collector.round(signal)) }),
			sweep: async (_id, signal) => ({ ...(await sweeper.round(signal)) }),
			journal: async (_id, signal) => ({ ...(await journaler.round(signal)) }),
			snapshot: async (_id, signal) => ({ written: (await snapshotter.round(signal)).length }),
			prune: async (_id, signal) => ({ ...(await pruner.round(signal)) }),
		},
	});
	await applyResources(parts, control);
	const controller = new AbortController();
	const rounds = [collector, sweeper, journaler, snapshotter, pruner].map((worker) => worker.run(controller.signal));
	opening.defer(async () => {
		controller.abort();
		await Promise.all(rounds);
		// What was committed last goes into the journal before the stores close.
		await journaler.round(AbortSignal.timeout(5_000)).catch(() => undefined);
	});
	if (config.control !== undefined) opening.use(await serveControl(config.control, control, report));
	const resources = opening.move();
	return { control, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

const applyResources = async (parts: ProcessParts, control: Control): Promise<void> => {
	const { config, metadata, holder, newId, logger } = parts;
	if (config.resources === undefined) return;
	const passwords = new Passwords();
	const { outcome, failed } = await applyLocalResources(
		{
			control,
			metadata,
			hashPassword,
			verifyPassword: async (hash, password) => (await passwords.tryVerify(hash, password)) ?? false,
			robotVerifier,
			holder,
			newId,
		},
		await readResources(config.resources),
		AbortSignal.timeout(60_000),
	);
	logger.info("resources.applied", { outcome, failed: failed.length });
	for (const { kind, name, reason, message } of failed) {
		logger.error("resources.refused", { kind, name, reason, why: message });
	}
};

const readResources = async (resources: NonNullable<Config["resources"]>): Promise<LocalResources> => ({
	projects: resources.projects,
	users: await Promise.all(
		resources.users.map(async ({ name, admin, disabled, password, passwordFile }) => ({
			name,
			admin,
			disabled,
			password: await readSecret(`resources.users.${name}.password`, password, passwordFile),
		})),
	),
	robots: await Promise.all(
		resources.robots.map(async ({ name, permissions, secret, secretFile }) => ({
			name,
			permissions,
			secret: await readSecret(`resources.robots.${name}.secret`, secret, secretFile),
		})),
	),
});

const serveControl = async (
	settings: NonNullable<Config["control"]>,
	control: Control,
	report: ReturnType<typeof reportTo>,
): Promise<AsyncDisposable> => {
	const server = createControlServer({
		control,
		token: await readSecret("control.token", undefined, settings.tokenFile),
		tls: await readTls("control", settings),
		report: (error) => report({ event: "control.failed", level: "error", error }),
	});
	await listen(server, settings.listen);
	return {
		[Symbol.asyncDispose]: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
};
