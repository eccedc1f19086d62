/** By what the objects in the caches are found: each cache is to be made with the indexes of its kind. */
import type { KubeObject } from "#/kube/kube-object.ts";
import type { IndexFunction } from "#/kube/object-store.ts";
import { BY_SCHEDULE, schedulesOf } from "./backup-schedule/children.ts";
import {
	BY_PROJECT,
	BY_REMOTE,
	BY_REMOTE_ROBOT,
	BY_SECRET,
	projectsOfReplication,
	projectsOfRetention,
	remoteRobotsOf,
	remotesOf,
	secretsOf,
} from "./policy/policy-indexes.ts";
import { BY_REGISTRY, indexByRegistry } from "./registry/observe.ts";
import { BY_CALL, BY_REACH, callsOf, reachesOf } from "./robot-account/find-grants.ts";
import { BY_NAMING, namingsOf } from "./robot-account/naming.ts";
import { BY_ROBOT, robotsOf } from "./robot-account/plan-account.ts";
import { BY_OWNER, ownersOf } from "./robot-account/robot-secrets.ts";
import { acceptedBy, BY_ACCEPTED } from "./robot-account/share-credential.ts";

type Indexes = { readonly [name: string]: IndexFunction };

/** Its uid. */
export const BY_UID = "uid";
/** Its namespace. */
export const BY_NAMESPACE = "namespace";

const uidsOf = ({ metadata: { uid } }: KubeObject): readonly string[] => (uid === undefined ? [] : [uid]);
const namespacesOf = ({ metadata: { namespace } }: KubeObject): readonly string[] =>
	namespace === undefined ? [] : [namespace];

/** Of the cache of Projects. */
export const PROJECT_INDEXES: Indexes = {
	[BY_REGISTRY]: indexByRegistry,
	[BY_UID]: uidsOf,
	[BY_NAMESPACE]: namespacesOf,
	[BY_REACH]: reachesOf,
	[BY_CALL]: callsOf,
};

/** Of the cache of RobotAccounts. */
export const ROBOT_ACCOUNT_INDEXES: Indexes = {
	[BY_REGISTRY]: indexByRegistry,
	[BY_UID]: uidsOf,
	[BY_NAMESPACE]: namespacesOf,
	[BY_NAMING]: namingsOf,
};

/** Of the cache of RetentionPolicies. */
export const RETENTION_POLICY_INDEXES: Indexes = {
	[BY_REGISTRY]: indexByRegistry,
	[BY_UID]: uidsOf,
	[BY_NAMESPACE]: namespacesOf,
	[BY_PROJECT]: projectsOfRetention,
};

/** Of the cache of ReplicationPolicies. */
export const REPLICATION_POLICY_INDEXES: Indexes = {
	[BY_REGISTRY]: indexByRegistry,
	[BY_UID]: uidsOf,
	[BY_NAMESPACE]: namespacesOf,
	[BY_PROJECT]: projectsOfReplication,
	[BY_REMOTE]: remotesOf,
	[BY_REMOTE_ROBOT]: remoteRobotsOf,
	[BY_SECRET]: secretsOf,
};

/** Of the cache of Backups. */
export const BACKUP_INDEXES: Indexes = {
	[BY_REGISTRY]: indexByRegistry,
	[BY_UID]: uidsOf,
	[BY_SCHEDULE]: schedulesOf,
};

/** Of the cache of BackupSchedules. */
export const BACKUP_SCHEDULE_INDEXES: Indexes = { [BY_REGISTRY]: indexByRegistry };

/** Of the cache of Secrets, which needs to have those alone that are labelled `app.kubernetes.io/managed-by: limani`. */
export const SECRET_INDEXES: Indexes = { [BY_OWNER]: ownersOf };

/** Of the cache of service accounts. */
export const SERVICE_ACCOUNT_INDEXES: Indexes = { [BY_ROBOT]: robotsOf };

/** Of the cache of namespaces. */
export const NAMESPACE_INDEXES: Indexes = { [BY_ACCEPTED]: acceptedBy };
