import { setMaxListeners } from "node:events";
import type winston from "winston";
import { backupKind } from "#/api/kinds/backup.ts";
import { backupScheduleKind } from "#/api/kinds/backup-schedule.ts";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { replicationPolicyKind } from "#/api/kinds/replication-policy.ts";
import { retentionPolicyKind } from "#/api/kinds/retention-policy.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { describe } from "#/app/logger.ts";
import { robotVerifier } from "#/auth/robots.ts";
import type { Controller } from "#/kube/controller/controller.ts";
import type { ControllerMeters } from "#/kube/controller/controller-meters.ts";
import { runController } from "#/kube/controller/run-controller.ts";
import { EventRecorder } from "#/kube/events/event-recorder.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { VolatileStatus } from "#/kube/status/volatile-status.ts";
import { CodedError } from "#/lib/coded-error.ts";
import type { Timing } from "#/lib/timing.ts";
import { backupController } from "#/operator/backup/controller.ts";
import { backupScheduleController } from "#/operator/backup-schedule/controller.ts";
import { BY_UID } from "#/operator/indexes.ts";
import { censusOf } from "#/operator/plane/find-orphans.ts";
import { Planes } from "#/operator/plane/planes.ts";
import { Patience } from "#/operator/policy/patience.ts";
import { projectController } from "#/operator/project/controller.ts";
import type { RegistryActuator } from "#/operator/registry/actuator.ts";
import { SHIPPING_MS } from "#/operator/registry/backups.ts";
import { registryController } from "#/operator/registry/controller.ts";
import { type HashPassword, UserHashes } from "#/operator/registry/users.ts";
import { replicationPolicyController } from "#/operator/replication-policy/controller.ts";
import { retentionPolicyController } from "#/operator/retention-policy/controller.ts";
import { robotAccountController } from "#/operator/robot-account/controller.ts";
import type { Stores } from "./caches.ts";
import { logReconcile } from "./log-reconcile.ts";

/** What the controllers of all kinds work with. */
export interface ControllersDeps {
	readonly client: KubeClient;
	readonly actuator: RegistryActuator;
	readonly logger: winston.Logger;
	readonly timing: Timing;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	readonly newId: () => string;
	readonly randomBytes: (size: number) => Buffer;
	readonly meters: ControllerMeters;
	/** A name for this process, for those who look at who controls a data plane or reported an event. */
	readonly holder: string;
	/** Whether this process is still the one that controls. */
	readonly leads: () => boolean;
	readonly hashPassword: HashPassword;
}

/** Bytes of a robot's secret. */
const SECRET_BYTES = 32;
/** How long events that were not sent yet may take at the end, milliseconds. */
const DRAIN_MS = 2_000;

/**
 * Runs the controllers of all kinds until the signal is aborted and nothing of theirs is under way any more. They may be
 * run again afterwards, and begin with what there is by then.
 *
 * @throws KubeError UNAVAILABLE when the caches do not fill in time; all controllers have ended then
 */
export const runControllers = async (deps: ControllersDeps, stores: Stores, signal: AbortSignal): Promise<void> => {
	const ending = new AbortController();
	const ended = AbortSignal.any([signal, ending.signal]);
	// Every worker of every controller waits for it.
	setMaxListeners(0, ended);
	await using planes = new Planes({
		holder: deps.holder,
		timing: deps.timing,
		leads: () => !ended.aborted && deps.leads(),
		censuses: {
			Project: censusOf(stores.projects, BY_UID),
			RobotAccount: censusOf(stores.robotAccounts, BY_UID),
			RetentionPolicy: censusOf(stores.retentionPolicies, BY_UID),
			ReplicationPolicy: censusOf(stores.replicationPolicies, BY_UID),
			Backup: censusOf(stores.backups, BY_UID),
		},
		report: (registry, error) => {
			// A data plane that is stopped to be started with other settings is no fault of the program.
			const isKnown = error instanceof CodedError;
			const why = isKnown ? error.message : describe(error);
			deps.logger.log(isKnown ? "info" : "warn", "plane.link-ended", { registry, error: why });
		},
	});
	// At once: by the time that running reconciles have ended, another process may control.
	ended.addEventListener("abort", () => void planes[Symbol.asyncDispose](), { once: true });
	const recorder = createRecorder(deps);
	try {
		await Promise.all(
			controllersOf(deps, { stores, planes, recorder }).map((controller) =>
				runController(controller, { ...deps, log: (line) => logReconcile(deps.logger, line) }, ended).catch((error) => {
					// One that cannot run would go unnoticed beside others that do.
					ending.abort(error);
					throw error;
				}),
			),
		);
	} finally {
		await recorder.drain(AbortSignal.timeout(DRAIN_MS)).catch(() => undefined);
		await recorder[Symbol.asyncDispose]();
	}
};

const createRecorder = ({ client, timing, now, newId, holder, logger }: ControllersDeps): EventRecorder =>
	new EventRecorder({
		client,
		timing,
		now,
		newId,
		controller: "limani.dev/operator",
		instance: holder,
		report: (error) => logger.warn("event.lost", { error: describe(error) }),
	});

interface Shared {
	readonly stores: Stores;
	readonly planes: Planes;
	readonly recorder: EventRecorder;
}

const controllersOf = (deps: ControllersDeps, { stores, planes, recorder }: Shared): readonly Controller[] => {
	const { client, actuator, timing, now, randomBytes, hashPassword } = deps;
	const { registries, projects, robotAccounts, namespaces, serviceAccounts, ownSecrets, allSecrets } = stores;
	const { retentionPolicies, replicationPolicies, backups, backupSchedules } = stores;
	const shared = { client, now, events: recorder, planes, registries, projects, robotAccounts, namespaces, backups };
	return [
		registryController({
			...shared,
			backups,
			patience: new Patience(timing, SHIPPING_MS),
			type: registryKind,
			actuator,
			userHashes: new UserHashes(hashPassword),
			volatileStatus: new VolatileStatus({ timing }),
			secrets: allSecrets,
		}),
		projectController({ ...shared, type: projectKind, volatileStatus: new VolatileStatus({ timing }) }),
		robotAccountController({
			...shared,
			type: robotAccountKind,
			serviceAccounts,
			secrets: ownSecrets,
			ledgerVersions: new Map(),
			newSecret: () => randomBytes(SECRET_BYTES).toString("base64url"),
			verifierOf: robotVerifier,
		}),
		retentionPolicyController({
			...shared,
			type: retentionPolicyKind,
			policies: retentionPolicies,
			volatileStatus: new VolatileStatus({ timing }),
			patience: new Patience(timing),
		}),
		replicationPolicyController({
			...shared,
			type: replicationPolicyKind,
			policies: replicationPolicies,
			secrets: ownSecrets,
			allSecrets,
			volatileStatus: new VolatileStatus({ timing }),
			patience: new Patience(timing),
		}),
		backupController({ ...shared, type: backupKind }),
		backupScheduleController({ ...shared, type: backupScheduleKind, schedules: backupSchedules }),
	];
};
