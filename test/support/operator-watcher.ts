import { backupKind } from "#/api/kinds/backup.ts";
import { backupScheduleKind } from "#/api/kinds/backup-schedule.ts";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { replicationPolicyKind } from "#/api/kinds/replication-policy.ts";
import { retentionPolicyKind } from "#/api/kinds/retention-policy.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { listAll } from "#/kube/list-all.ts";
import type { ResourceType } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { lintStatus } from "./status-lint.ts";

const KINDS = [
	{ type: registryKind, reasons: new Set(Object.keys(registryKind.reasons)) },
	{ type: projectKind, reasons: new Set(Object.keys(projectKind.reasons)) },
	{ type: robotAccountKind, reasons: new Set(Object.keys(robotAccountKind.reasons)) },
	{ type: retentionPolicyKind, reasons: new Set(Object.keys(retentionPolicyKind.reasons)) },
	{ type: replicationPolicyKind, reasons: new Set(Object.keys(replicationPolicyKind.reasons)) },
	{ type: backupKind, reasons: new Set(Object.keys(backupKind.reasons)) },
	{ type: backupScheduleKind, reasons: new Set(Object.keys(backupScheduleKind.reasons)) },
] as const;

/** Sees every version of every resource that there ever is, and judges it. */
export class StatusWatcher implements AsyncDisposable {
	/** What was wrong, one sentence each. */
	readonly faults: string[] = [];
	/** The texts of all statuses, each once. */
	readonly texts = new Set<string>();
	/** How many versions of resources were judged. */
	judged = 0;
	/** How often each kind came to each reason of Ready, such as `RobotAccount Succeeded`. */
	readonly verdicts = new Map<string, number>();
	readonly #last = new Map<string, KubeObject>();
	readonly #ending = new AbortController();
	#ended: Promise<unknown> = Promise.resolve();

	/** Begins; from when it resolves on, nothing is missed. @param client one that no fault befalls */
	async watch(client: KubeClient): Promise<void> {
		const { signal } = this.#ending;
		const began = await Promise.all(
			KINDS.map(async ({ type, reasons }) => {
				const { items, resourceVersion } = await listAll(client, type, { limit: 500 }, signal);
				for (const item of items) this.#judge(item, reasons);
				return { type, reasons, resourceVersion };
			}),
		);
		this.#ended = Promise.all(
			began.map(({ type, reasons, resourceVersion }) => this.#follow({ client, type, reasons }, resourceVersion)),
		);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#ending.abort();
		await this.#ended;
	}

	async #follow(
		{
			client,
			type,
			reasons,
		}: { readonly client: KubeClient; readonly type: ResourceType; readonly reasons: ReadonlySet<string> },
		from: string,
	): Promise<void> {
		const { signal } = this.#ending;
		let resourceVersion = from;
		try {
			while (!signal.aborted) {
				for await (const event of client.watch(type, { resourceVersion }, signal)) {
					resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
					if (event.type !== "BOOKMARK") this.#judge(event.object, reasons);
				}
			}
		} catch (error) {
			if (!signal.aborted) this.faults.push(`the watch of ${type.plural} ended: ${String(error)}`);
		}
	}

	#judge(object: KubeObject, reasons: ReadonlySet<string>): void {
		this.judged++;
		const name = `${object.kind} ${keyOf(object.metadata)}`;
		const say = (fault: string) => this.faults.push(`${name}: ${fault} ${JSON.stringify(object.status)}`);
		this.texts.add(JSON.stringify(object.status));
		for (const manager of specWriters(object)) say(`${manager} wrote more than status and finalizers`);
		if (conditionsOf(object).length === 0) return;
		const { failures, warnings } = lintStatus(object, { stage: "underway", reasons });
		for (const fault of [...failures, ...warnings]) say(fault);
		const uid = object.metadata.uid ?? "";
		this.#count(object);
		for (const fault of needlessTransitions(this.#last.get(uid), object)) say(fault);
		this.#last.set(uid, object);
	}

	#count(object: KubeObject): void {
		const before = this.#last.get(object.metadata.uid ?? "");
		const [said, now] = [before, object].map((one) => one && findCondition(conditionsOf(one), "Ready")?.reason);
		if (now === said) return;
		const verdict = `${object.kind} ${now}`;
		this.verdicts.set(verdict, (this.verdicts.get(verdict) ?? 0) + 1);
	}
}

/** Who makes resources of a kind, and so has written all of them. */
const MAKERS: { readonly [kind: string]: string } = { Backup: "limani-backupschedule" };

/** The controllers that own a field of a resource, by `managedFields`, that is neither of its status nor a finalizer. */
const specWriters = ({ kind, metadata }: KubeObject): readonly string[] =>
	(metadata.managedFields ?? []).flatMap(({ manager, subresource, fieldsV1 }) => {
		if (typeof manager !== "string" || !manager.startsWith("limani-") || manager === MAKERS[kind]) return [];
		const fields = typeof fieldsV1 === "object" && fieldsV1 !== null ? fieldsV1 : {};
		const isFinal = JSON.stringify(Object.keys(fields)) === '["f:metadata"]' && onlyFinalizers(fields);
		return isFinal || subresource === "status" ? [] : [manager];
	});

const onlyFinalizers = (fields: object): boolean => {
	const metadata: unknown = Reflect.get(fields, "f:metadata");
	return (
		typeof metadata === "object" && metadata !== null && Object.keys(metadata).every((key) => key === "f:finalizers")
	);
};

/** `lastTransitionTime` tells when `status` changed, and nothing else. */
const needlessTransitions = (before: KubeObject | undefined, after: KubeObject): readonly string[] =>
	conditionsOf(after).flatMap(({ type, status, lastTransitionTime }) => {
		const former = before === undefined ? undefined : findCondition(conditionsOf(before), type);
		const isNeedless = former?.status === status && former.lastTransitionTime !== lastTransitionTime;
		return isNeedless ? [`the time of ${type} changed, its status did not`] : [];
	});
