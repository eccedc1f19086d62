/** Work behind the requests, in one process of a machine: any number of machines may do it at once. */
import { hashPassword, Passwords } from "#/auth/passwords.ts";
import { robotVerifier } from "#/auth/robots.ts";
import type { Control } from "#/control/control.ts";
import { DataPlane } from "#/dataplane/data-plane.ts";
import { applyLocalResources, type LocalResources } from "#/dataplane/local-resources.ts";
import { summarize } from "#/features/backup/summarize.ts";
import { createControlServer } from "#/http/admin/control-server.ts";
import { openBackingUp } from "./backup/open-backing-up.ts";
import { recover } from "./backup/recover.ts";
import type { Config } from "./config/schema.ts";
import { listen } from "./listen.ts";
import { reportTo } from "./logger.ts";
import type { DatabaseStanding } from "./migration-standing.ts";
import { type OpenedKeepers, openKeepers } from "./open-keepers.ts";
import { openMigrators } from "./open-migrators.ts";
import { openMover } from "./open-mover.ts";
import { openReplication } from "./open-replication.ts";
import { openRetention } from "./open-retention.ts";
import type { ProcessParts } from "./process-parts.ts";
import { readSecret } from "./read-secret.ts";
import { readTls } from "./read-tls.ts";
import { storesToTell } from "./store-standings.ts";
import { type SchemaWatchDeps, watchSchema } from "./watch-schema.ts";

/** What works behind the requests. Disposing it waits for what is under way. */
export interface Housekeeping extends AsyncDisposable {
	/** The data plane, for who drives it in this process. */
	readonly control: Control;
}

/**
 * Starts sweeping, the journal, control and the configuration's own resources.
 *
 * @param migration how the database goes elsewhere
 * @param onApplied called each time that resources were changed, before whoever changed them hears of it
 * @param signal ends the copying of what the registry begins with; absent: nothing does
 */
export const startHousekeeping = async (
	parts: ProcessParts,
	migration: DatabaseStanding,
	onApplied: () => void = () => undefined,
	signal: AbortSignal = new AbortController().signal,
): Promise<Housekeeping> => {
	const { config, metadata, masterKey } = parts;
	await recover(parts, signal);
	await using opening = new AsyncDisposableStack();
	const keepers = openKeepers(parts);
	const retention = openRetention(parts);
	const replication = opening.use(openReplication(parts));
	const backingUp = opening.use(await openBackingUp(parts, keepers.journaler));
	const { archived } = backingUp;
	const control = new DataPlane({
		controlState: metadata.controlState,
		usages: metadata.usages,
		collection: metadata.collection,
		history: metadata.history,
		secrets: { sealer: masterKey, policies: metadata.policies },
		...storesToTell(parts),
		databaseMigration: () => migration.tell(),
		...(archived === undefined ? {} : { archive: (signal) => archived.standings.tell(signal) }),
		onApplied: () => {
			onApplied();
			retention.runner.wake();
			replication.runner.wake();
			backingUp.runner.wake();
		},
		explain: (request, signal) => retention.explainer.page(request, signal),
		features: {
			retention: retention.runNow,
			replication: async (id, signal) => replication.runner.runNow(id, signal),
			...keepers.features,
			...(archived === undefined
				? {}
				: { backup: async (_id, signal) => summarize(await archived.backups.backUp(signal)) }),
		},
	});
	await applyResources(parts, control);
	const workers = [...keepers.workers, openMover(parts), ...openMigrators(parts)];
	const runners = [retention.runner, replication.runner, backingUp.runner];
	const watched = { metadata, report: reportTo(parts.logger), journaler: keepers.journaler };
	opening.use(startWorkers(watched, [...workers, ...runners, ...(archived === undefined ? [] : [archived.backups])]));
	if (config.control !== undefined) opening.use(await serveControl(config.control, control, reportTo(parts.logger)));
	const resources = opening.move();
	return { control, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

/** What was committed last goes into the journal before the stores close, and what comes next is another's to write. */
const writeLast = async (journaler: OpenedKeepers["journaler"]): Promise<void> => {
	await journaler.round(AbortSignal.timeout(5_000)).catch(() => undefined);
	await journaler.leave();
};

/**
 * Lets them work until it is disposed of, which waits for what is under way, or until a later release has the database:
 * what they do behind the requests, the last of the journal too, might be wrong by its rules.
 */
const startWorkers = (
	deps: SchemaWatchDeps & Pick<OpenedKeepers, "journaler">,
	workers: readonly { run(signal: AbortSignal): Promise<void> }[],
): AsyncDisposable => {
	const controller = new AbortController();
	const running = workers.map((worker) => worker.run(controller.signal));
	const watching = watchSchema(deps, controller.signal).then((isTooOld) => {
		if (isTooOld) controller.abort();
		return isTooOld;
	});
	return {
		[Symbol.asyncDispose]: async () => {
			controller.abort();
			await Promise.all(running);
			if (!(await watching)) await writeLast(deps.journaler);
		},
	};
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
		resources.robots.map(async ({ name, permissions, trust, secret, secretFile }) => ({
			name,
			permissions,
			trust,
			secret:
				secret === undefined && secretFile === undefined
					? undefined
					: await readSecret(`resources.robots.${name}.secret`, secret, secretFile),
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
