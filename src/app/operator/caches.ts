import { backupKind } from "#/api/kinds/backup.ts";
import { backupScheduleKind } from "#/api/kinds/backup-schedule.ts";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { replicationPolicyKind } from "#/api/kinds/replication-policy.ts";
import { retentionPolicyKind } from "#/api/kinds/retention-policy.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { Reflector, type ReflectorDeps, type ReflectorOpts } from "#/kube/reflector.ts";
import { NAMESPACES, SECRETS, SERVICE_ACCOUNTS } from "#/kube/resource-type.ts";
import {
	BACKUP_INDEXES,
	BACKUP_SCHEDULE_INDEXES,
	NAMESPACE_INDEXES,
	PROJECT_INDEXES,
	REPLICATION_POLICY_INDEXES,
	RETENTION_POLICY_INDEXES,
	ROBOT_ACCOUNT_INDEXES,
	SECRET_INDEXES,
	SERVICE_ACCOUNT_INDEXES,
} from "#/operator/indexes.ts";
import { CombinedStore } from "./combined-store.ts";

/** What the controllers read. */
export interface Stores {
	readonly registries: ObjectStore;
	readonly projects: ObjectStore;
	readonly robotAccounts: ObjectStore;
	readonly retentionPolicies: ObjectStore;
	readonly replicationPolicies: ObjectStore;
	readonly backups: ObjectStore;
	readonly backupSchedules: ObjectStore;
	readonly namespaces: ObjectStore;
	readonly serviceAccounts: ObjectStore;
	/** Those that were made for our resources. */
	readonly ownSecrets: ObjectStore;
	/** All of them; absent where that would be too much to know. */
	readonly allSecrets: ObjectStore | undefined;
}

/** Settings of {@link Caches}. */
export interface CachesOpts {
	/** The namespaces that are looked after. @defaultValue all */
	readonly namespaces?: readonly string[] | undefined;
	/** The namespaces whose Secrets may be read. @defaultValue those of `namespaces` */
	readonly secretNamespaces?: readonly string[] | undefined;
	/** Whether Secrets of others are kept in memory too, so that a change of one is noticed at once. */
	readonly allSecrets: boolean;
}

/** Label of everything that is made for our resources. */
const OWN = "app.kubernetes.io/managed-by=limani";

/** What there is at the API server, kept up in memory for all controllers. */
export class Caches {
	readonly stores: Stores;
	readonly #deps: ReflectorDeps;
	readonly #namespaces: readonly string[];
	readonly #secretNamespaces: readonly string[];
	readonly #reflectors: Reflector[] = [];

	constructor(deps: ReflectorDeps, { namespaces = [], secretNamespaces = [], allSecrets }: CachesOpts) {
		this.#deps = deps;
		this.#namespaces = namespaces;
		this.#secretNamespaces = secretNamespaces.length === 0 ? namespaces : secretNamespaces;
		this.stores = {
			registries: this.keep({ type: registryKind }),
			projects: this.keep({ type: projectKind, indexes: PROJECT_INDEXES }),
			robotAccounts: this.keep({ type: robotAccountKind, indexes: ROBOT_ACCOUNT_INDEXES }),
			retentionPolicies: this.keep({ type: retentionPolicyKind, indexes: RETENTION_POLICY_INDEXES }),
			replicationPolicies: this.keep({ type: replicationPolicyKind, indexes: REPLICATION_POLICY_INDEXES }),
			backups: this.keep({ type: backupKind, indexes: BACKUP_INDEXES }),
			backupSchedules: this.keep({ type: backupScheduleKind, indexes: BACKUP_SCHEDULE_INDEXES }),
			namespaces: this.keep({ type: NAMESPACES, indexes: NAMESPACE_INDEXES }),
			serviceAccounts: this.keep({ type: SERVICE_ACCOUNTS, indexes: SERVICE_ACCOUNT_INDEXES }),
			ownSecrets: this.keep({ type: SECRETS, selection: { labelSelector: OWN }, indexes: SECRET_INDEXES }),
			allSecrets: allSecrets ? this.keep({ type: SECRETS }) : undefined,
		};
	}

	/** The reflectors, one for each type and namespace. */
	get reflectors(): readonly Reflector[] {
		return this.#reflectors;
	}

	/** Keeps another type too, in the namespaces that are looked after. To be called before {@link Caches.run}. */
	keep(opts: ReflectorOpts): ObjectStore {
		const namespaces = opts.type === SECRETS ? this.#secretNamespaces : this.#namespaces;
		if (!opts.type.namespaced || namespaces.length === 0) return this.#reflect(opts);
		return new CombinedStore(
			new Map(
				namespaces.map((namespace) => [
					namespace,
					this.#reflect({ ...opts, selection: { ...opts.selection, namespace } }),
				]),
			),
		);
	}

	/** Keeps them up until the signal is aborted and nothing is under way any more. To be called once. */
	async run(signal: AbortSignal): Promise<void> {
		await Promise.all(this.#reflectors.map((reflector) => reflector.run(signal)));
	}

	#reflect(opts: ReflectorOpts): ObjectStore {
		const reflector = new Reflector(this.#deps, opts);
		this.#reflectors.push(reflector);
		return reflector.store;
	}
}
