import { relative } from "node:path";
import { parseBackupSchedule } from "#/api/kinds/backup-schedule.ts";
import { parseProject } from "#/api/kinds/project.ts";
import { parseRegistry } from "#/api/kinds/registry.ts";
import { parseReplicationPolicy } from "#/api/kinds/replication-policy.ts";
import { parseRetentionPolicy } from "#/api/kinds/retention-policy.ts";
import { parseRobotAccount } from "#/api/kinds/robot-account.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { findPusher } from "./find-pusher.ts";

/** What runs, for {@link formatStandalone}. */
export interface StandaloneFacts {
	readonly registries: readonly KubeObject[];
	readonly projects: readonly KubeObject[];
	readonly robotAccounts: readonly KubeObject[];
	readonly retentionPolicies: readonly KubeObject[];
	readonly replicationPolicies: readonly KubeObject[];
	readonly backupSchedules: readonly KubeObject[];
	/** Where the Kubernetes API is. */
	readonly kubeUrl: string;
	/** Absolute path of the kubeconfig. */
	readonly kubeconfig: string;
	/** The folder that a person types commands in. */
	readonly workingDirectory: string;
}

/** What a person at a terminal wants to know: what runs where, and what to type next. */
export const formatStandalone = (given: StandaloneFacts): string => {
	const facts = {
		...given,
		registries: inOrder(given.registries),
		projects: inOrder(given.projects),
		robotAccounts: inOrder(given.robotAccounts),
		retentionPolicies: inOrder(given.retentionPolicies),
		replicationPolicies: inOrder(given.replicationPolicies),
		backupSchedules: inOrder(given.backupSchedules),
	};
	const lines = [
		...registryLines(facts),
		...projectLines(facts),
		...robotLines(facts),
		...retentionLines(facts),
		...replicationLines(facts),
		...backupLines(facts),
		apiLine(facts),
	];
	const widths = [0, 1, 2].map((column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
	const table = lines.map((cells) => `  ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd());
	return ["", "Limani is ready.", "", ...table, "", ...tour(facts), ""].join("\n");
};

/** As kubectl lists them, whichever came first. */
const inOrder = (objects: readonly KubeObject[]): readonly KubeObject[] =>
	objects.toSorted((a, b) => (keyOf(a.metadata) < keyOf(b.metadata) ? -1 : 1));

type Cells = readonly [what: string, which: string, where: string, more: string];

const registryLines = ({ registries }: StandaloneFacts): readonly Cells[] =>
	registries.map((object): Cells => {
		const { url, serving } = registryOf(object);
		return ["Registry", keyOf(object.metadata), url, serving ? "" : "does not serve"];
	});

const projectLines = ({ projects }: StandaloneFacts): readonly Cells[] =>
	projects.map((object): Cells => {
		const parsed = parseProject(object);
		const { spec, status } = "invalid" in parsed ? { spec: undefined, status: undefined } : parsed.resource;
		return ["Project", keyOf(object.metadata), status?.url ?? "", spec?.visibility ?? ""];
	});

const robotLines = ({ robotAccounts }: StandaloneFacts): readonly Cells[] =>
	robotAccounts.map((object): Cells => {
		const parsed = parseRobotAccount(object);
		const name = "invalid" in parsed ? "" : (parsed.resource.status.fullName ?? "");
		const secret = "invalid" in parsed ? "" : (parsed.resource.status.secretRef?.name ?? "");
		return ["RobotAccount", keyOf(object.metadata), name, secret === "" ? "" : `Secret ${secret}`];
	});

const retentionLines = ({ retentionPolicies }: StandaloneFacts): readonly Cells[] =>
	retentionPolicies.map((object): Cells => {
		const parsed = parseRetentionPolicy(object);
		if ("invalid" in parsed) return ["RetentionPolicy", keyOf(object.metadata), "", ""];
		const { projectRefs, projectNames, schedule } = parsed.resource.spec;
		const names = projectRefs?.map(({ name }) => name) ?? projectNames?.matching ?? [];
		return ["RetentionPolicy", keyOf(object.metadata), `of ${names.join(", ")}`, whenOf(schedule)];
	});

const replicationLines = ({ replicationPolicies }: StandaloneFacts): readonly Cells[] =>
	replicationPolicies.map((object): Cells => {
		const parsed = parseReplicationPolicy(object);
		if ("invalid" in parsed) return ["ReplicationPolicy", keyOf(object.metadata), "", ""];
		const { spec, status } = parsed.resource;
		const way = spec.source === undefined ? "to" : "from";
		const when = spec.trigger.onEvent ? "when something changes" : whenOf(spec.trigger.schedule);
		return ["ReplicationPolicy", keyOf(object.metadata), `${way} ${status.remote ?? ""}`, when];
	});

const backupLines = ({ backupSchedules }: StandaloneFacts): readonly Cells[] =>
	backupSchedules.map((object): Cells => {
		const parsed = parseBackupSchedule(object);
		if ("invalid" in parsed) return ["BackupSchedule", keyOf(object.metadata), "", ""];
		const { registryRef, schedule } = parsed.resource.spec;
		return ["BackupSchedule", keyOf(object.metadata), `of ${registryRef.name}`, whenOf(schedule)];
	});

const whenOf = (schedule: string | undefined): string =>
	schedule === undefined ? "when asked for" : `${schedule} UTC`;

const apiLine = ({ kubeUrl }: StandaloneFacts): Cells => ["Kubernetes", "API", kubeUrl, "for kubectl and helm"];

const registryOf = (object: KubeObject): { readonly url: string; readonly serving: boolean } => {
	const parsed = parseRegistry(object);
	if ("invalid" in parsed) return { url: "", serving: false };
	const { url = "", readyReplicas = 0 } = parsed.resource.status;
	return { url, serving: readyReplicas > 0 };
};

/** The repository that the commands are about, below its project. */
const EXAMPLE = "hello";

/** Commands that work as they stand, made of what there is. */
const tour = (facts: StandaloneFacts): readonly string[] => {
	const { kubeconfig, workingDirectory, robotAccounts, projects } = facts;
	const near = relative(workingDirectory, kubeconfig);
	const path = near.startsWith("..") ? kubeconfig : `$PWD/${near}`;
	const pusher = findPusher(
		robotAccounts.map(parseRobotAccount).flatMap((one) => ("invalid" in one ? [] : [one.resource])),
		projects
			.map(parseProject)
			.flatMap((one) => ("invalid" in one || one.resource.spec.visibility !== "Public" ? [] : [one.resource])),
		EXAMPLE,
	);
	const lines = [
		"Try next, in another terminal:",
		"",
		`  export KUBECONFIG=${path}`,
		"  kubectl get registries,projects,robotaccounts,retentionpolicies,replicationpolicies,backupschedules -A",
	];
	if (pusher?.project.status.url === undefined) return lines;
	const { robot, project } = pusher;
	const image = `${project.status.url}/${EXAMPLE}:1`;
	const { namespace } = robot.metadata;
	return [
		...lines,
		`  kubectl get secret ${robot.status.secretRef?.name} -n ${namespace} -o go-template='{{index .data ".dockerconfigjson" | base64decode}}' > auth.json`,
		`  skopeo copy --dest-tls-verify=false --dest-authfile auth.json docker://docker.io/library/alpine docker://${image}`,
		`  skopeo inspect --tls-verify=false docker://${image}`,
		`  kubectl describe robotaccount ${robot.metadata.name} -n ${namespace}`,
	];
};
