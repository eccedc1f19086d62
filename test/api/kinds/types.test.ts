import assert from "node:assert/strict";
import { test } from "node:test";
import type { z } from "zod";
import type { BackupKindSpec, BackupStatus, backupKindSpec, backupStatus } from "#/api/kinds/backup.ts";
import type {
	BackupScheduleSpec,
	BackupScheduleStatus,
	backupScheduleSpec,
	backupScheduleStatus,
} from "#/api/kinds/backup-schedule.ts";
import type { ProjectSpec, ProjectStatus, projectSpec, projectStatus } from "#/api/kinds/project.ts";
import type { RegistrySpec, RegistryStatus, registrySpec, registryStatus } from "#/api/kinds/registry.ts";
import type {
	ReplicationPolicyKindSpec,
	ReplicationPolicyStatus,
	replicationPolicyKindSpec,
	replicationPolicyStatus,
} from "#/api/kinds/replication-policy.ts";
import type {
	RetentionPolicyKindSpec,
	RetentionPolicyStatus,
	retentionPolicyKindSpec,
	retentionPolicyStatus,
} from "#/api/kinds/retention-policy.ts";
import type {
	RobotAccountSpec,
	RobotAccountStatus,
	robotAccountSpec,
	robotAccountStatus,
} from "#/api/kinds/robot-account.ts";
import type { Backup } from "../../../crds/backups.d.ts";
import type { BackupSchedule } from "../../../crds/backupschedules.d.ts";
import type { Project } from "../../../crds/projects.d.ts";
import type { Registry } from "../../../crds/registries.d.ts";
import type { ReplicationPolicy } from "../../../crds/replicationpolicies.d.ts";
import type { RetentionPolicy } from "../../../crds/retentionpolicies.d.ts";
import type { RobotAccount } from "../../../crds/robotaccounts.d.ts";

/** True where each of two types can stand for the other, down to which members may be missing; else never. */
type Same<A, B> = (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : never;

/** A type written out member for member. Where a member may be missing, undefined says the same: zod allows both. */
type Plain<T> = T extends readonly (infer M)[]
	? Plain<M>[]
	: T extends { readonly [name: string]: never }
		? "no members"
		: T extends object
			? { -readonly [K in keyof T]: Plain<Exclude<T[K], undefined>> }
			: T;

/** What is parsed can be written again: statuses are. */
type Writable<Parsed, Written> = Parsed extends Written ? true : never;

test("the types beside the definitions are what the schemas take", () => {
	// The compiler judges: a difference makes `never`, to which nothing can be assigned.
	const same: readonly true[] = [
		true satisfies Same<z.input<typeof registrySpec>, NonNullable<Registry["spec"]>>,
		true satisfies Same<z.input<typeof registryStatus>, NonNullable<Registry["status"]>>,
		true satisfies Same<z.input<typeof projectSpec>, Project["spec"]>,
		true satisfies Same<z.input<typeof projectStatus>, NonNullable<Project["status"]>>,
		true satisfies Same<z.input<typeof robotAccountSpec>, RobotAccount["spec"]>,
		true satisfies Same<z.input<typeof robotAccountStatus>, NonNullable<RobotAccount["status"]>>,
		true satisfies Same<z.input<typeof retentionPolicyKindSpec>, RetentionPolicy["spec"]>,
		true satisfies Same<z.input<typeof retentionPolicyStatus>, NonNullable<RetentionPolicy["status"]>>,
		true satisfies Same<z.input<typeof replicationPolicyKindSpec>, ReplicationPolicy["spec"]>,
		true satisfies Same<z.input<typeof replicationPolicyStatus>, NonNullable<ReplicationPolicy["status"]>>,
		true satisfies Same<z.input<typeof backupKindSpec>, Backup["spec"]>,
		true satisfies Same<z.input<typeof backupStatus>, NonNullable<Backup["status"]>>,
		true satisfies Same<z.input<typeof backupScheduleSpec>, BackupSchedule["spec"]>,
		true satisfies Same<z.input<typeof backupScheduleStatus>, NonNullable<BackupSchedule["status"]>>,
		true satisfies Writable<RegistrySpec, NonNullable<Registry["spec"]>>,
		true satisfies Writable<RegistryStatus, NonNullable<Registry["status"]>>,
		true satisfies Writable<ProjectSpec, Project["spec"]>,
		true satisfies Writable<ProjectStatus, NonNullable<Project["status"]>>,
		true satisfies Writable<RobotAccountSpec, RobotAccount["spec"]>,
		true satisfies Writable<RobotAccountStatus, NonNullable<RobotAccount["status"]>>,
		true satisfies Writable<RetentionPolicyKindSpec, RetentionPolicy["spec"]>,
		true satisfies Writable<RetentionPolicyStatus, NonNullable<RetentionPolicy["status"]>>,
		true satisfies Writable<ReplicationPolicyKindSpec, ReplicationPolicy["spec"]>,
		true satisfies Writable<ReplicationPolicyStatus, NonNullable<ReplicationPolicy["status"]>>,
		true satisfies Writable<BackupKindSpec, Backup["spec"]>,
		true satisfies Writable<BackupStatus, NonNullable<Backup["status"]>>,
		true satisfies Writable<BackupScheduleSpec, BackupSchedule["spec"]>,
		true satisfies Writable<BackupScheduleStatus, NonNullable<BackupSchedule["status"]>>,
	];
	assert.equal(same.length, 28);
});

test("a difference between types is seen", () => {
	// @ts-expect-error one may be missing
	true satisfies Same<{ a?: string }, { a: string }>;
	// @ts-expect-error one has a member more
	true satisfies Same<{ a: { b: string }[] }, { a: { b: string; c?: string }[] }>;
	// @ts-expect-error one allows a word more
	true satisfies Same<{ a: "x" | "y" }, { a: "x" }>;
	const same: true = true satisfies Same<{ a?: readonly { b: "x" | "y" }[] }, { a?: { b: "y" | "x" }[] }>;
	assert.ok(same);
});
