/** The specs of the kinds that the control plane hands to the data plane, and what is wrong with one that is not right. */
import type { z } from "zod";
import { type BackupSpec, backupSpec } from "./backup-spec.ts";
import { describeIssues } from "./describe-issues.ts";
import { type ProjectSpec, projectSpec } from "./project-spec.ts";
import { type ReplicationPolicySpec, replicationPolicySpec } from "./replication-policy-spec.ts";
import { type RetentionPolicySpec, retentionPolicySpec } from "./retention-policy-spec.ts";
import { type RobotAccountSpec, robotAccountSpec } from "./robot-account-spec.ts";
import { type UserSpec, userSpec } from "./user-spec.ts";

/** The kinds that are handed over. A kind joins when its feature exists. */
export const CONTROLLED_KINDS = [
	"Project",
	"User",
	"RobotAccount",
	"RetentionPolicy",
	"ReplicationPolicy",
	"Backup",
] as const;

/** One of {@link CONTROLLED_KINDS}. */
export type ControlledKind = (typeof CONTROLLED_KINDS)[number];

/** The parsed spec of each kind. */
interface ControlledSpecs {
	readonly Project: ProjectSpec;
	readonly User: UserSpec;
	readonly RobotAccount: RobotAccountSpec;
	readonly RetentionPolicy: RetentionPolicySpec;
	readonly ReplicationPolicy: ReplicationPolicySpec;
	readonly Backup: BackupSpec;
}

/** The schema of each kind. An unknown field is refused: a rule that this release does not know must not seem applied. */
const SCHEMAS: { readonly [K in ControlledKind]: z.ZodType<ControlledSpecs[K]> } = {
	Project: projectSpec,
	User: userSpec,
	RobotAccount: robotAccountSpec,
	RetentionPolicy: retentionPolicySpec,
	ReplicationPolicy: replicationPolicySpec,
	Backup: backupSpec,
};

/** What {@link parseControlledSpec} makes of a spec; `invalid` names each wrong field, its value and what was expected. */
export type ParsedSpec<K extends ControlledKind> = { readonly spec: ControlledSpecs[K] } | { readonly invalid: string };

/** Parses a spec and fills in its defaults. Never throws, whatever the spec; what may be a secret is not repeated. */
export const parseControlledSpec = <K extends ControlledKind>(kind: K, spec: unknown): ParsedSpec<K> => {
	const parsed = SCHEMAS[kind].safeParse(spec);
	return parsed.success ? { spec: parsed.data } : { invalid: describeIssues(parsed.error.issues, spec) };
};
