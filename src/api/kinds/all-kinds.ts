import { backupKind } from "./backup.ts";
import { backupScheduleKind } from "./backup-schedule.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { projectKind } from "./project.ts";
import { registryKind } from "./registry.ts";
import { replicationPolicyKind } from "./replication-policy.ts";
import { retentionPolicyKind } from "./retention-policy.ts";
import { robotAccountKind } from "./robot-account.ts";

/** Every kind of resource there is. A kind joins when its feature exists. */
export const ALL_KINDS: readonly KindDefinition[] = [
	registryKind,
	projectKind,
	robotAccountKind,
	retentionPolicyKind,
	replicationPolicyKind,
	backupKind,
	backupScheduleKind,
];
