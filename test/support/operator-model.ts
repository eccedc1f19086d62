import type { Project } from "#/api/kinds/project.ts";
import type { Registry } from "#/api/kinds/registry.ts";
import { type RobotAccount, robotFullName } from "#/api/kinds/robot-account.ts";
import type { PolicyProjects } from "#/api/policy-selectors.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { readCredential } from "#/operator/robot-account/credential-secret.ts";
import type { PolicyOfKind, Snapshot } from "./operator-snapshot.ts";

/** What a robot's resources come to, once nothing is under way any more. */
export interface ExpectedRobot {
	readonly robot: RobotAccount;
	/** Reasons of Ready that fit; none: it may say what it likes. */
	readonly reasons: readonly string[];
	/** Whether its data plane can be told of it. */
	readonly reachable: boolean;
	/** Whether it has a credential that works. */
	readonly works: boolean;
	/** Projects that its permissions give; absent: not to be said from specs alone. */
	readonly projects: ReadonlySet<string> | undefined;
	/** Where copies of its Secret are, `namespace/name`. */
	readonly copies: ReadonlySet<string>;
}

/** What a Project comes to. */
export interface ExpectedProject {
	readonly project: Project;
	readonly reasons: readonly string[];
	/** Whether the data plane has it as its spec says; `shut`: if it has it, nobody gets in. */
	readonly is: "in-force" | "shut" | "whatever";
}

/** The other side of a replication. */
export interface ExpectedRemote {
	readonly url: string;
	readonly login: { readonly username: string; readonly password: string } | undefined;
}

/** What a policy comes to. */
export interface ExpectedPolicy {
	readonly policy: PolicyOfKind;
	readonly reasons: readonly string[];
	/** Whether the data plane has it as its spec says; `held`: if it has it, nothing is done by it there. */
	readonly is: "in-force" | "held" | "whatever";
	/** Those that it is about when it is in force. */
	readonly projects: PolicyProjects;
	/** Absent of a RetentionPolicy, and where there is none to be had. */
	readonly remote: ExpectedRemote | undefined;
}

/** A name that several owners want, at the same time or one after the other. */
export const CONTESTED = "shared";

type Bound = Project | RobotAccount | PolicyOfKind;

/** What all resources come to, by nothing but their specs, and who came first where two want one name. */
export class Model {
	readonly #now: number;
	readonly #snapshot: Snapshot;

	constructor(snapshot: Snapshot, now: number) {
		this.#snapshot = snapshot;
		this.#now = now;
	}

	/** The reason of a Registry's Ready condition. */
	registry(registry: Registry): string {
		const { metadata, spec } = registry;
		if (isLeaving(metadata)) return "InUse";
		if (this.#lacks(registry)) return "DependencyNotReady";
		return spec.replicas === 0 ? "ScaledToZero" : "Succeeded";
	}

	/** Whether a Secret of its is missing. */
	#lacks({ metadata, spec }: Registry): boolean {
		return spec.auth.users.some(({ passwordSecretRef: { name, key } }) => {
			const data = this.#snapshot.secrets.get(`${metadata.namespace}/${name}`)?.data;
			return typeof data !== "object" || data === null || !Object.hasOwn(data, key);
		});
	}

	/** Whether its data plane is to serve. One that lacks a Secret goes on if it did, and is not begun. */
	#serves(registry: Registry): boolean {
		if (registry.spec.replicas === 0) return false;
		return !this.#lacks(registry) || this.#snapshot.serving.has(keyOf(registry.metadata));
	}

	project(project: Project): ExpectedProject {
		const { metadata, spec } = project;
		const registry = this.#registryOf(project);
		if (isLeaving(metadata)) return { project, reasons: ["Deleting"], is: "whatever" };
		if (spec.suspend) return { project, reasons: ["Suspended"], is: "whatever" };
		const obstacle = this.#obstacle(project, registry);
		const reachable = registry !== undefined && this.#serves(registry);
		if (obstacle === "NotAllowed") return { project, reasons: ["NotAllowed"], is: reachable ? "shut" : "whatever" };
		if (obstacle !== undefined) return { project, reasons: [obstacle], is: "whatever" };
		if (registry === undefined || isLeaving(registry.metadata)) return { project, reasons: [], is: "whatever" };
		return this.#holds(project)
			? { project, reasons: ["Succeeded"], is: "in-force" }
			: { project, reasons: ["NameTaken"], is: "whatever" };
	}

	robot(robot: RobotAccount): ExpectedRobot {
		const { metadata, spec } = robot;
		const registry = this.#registryOf(robot);
		const copies = new Set(this.#copies(robot));
		const reachable = registry !== undefined && this.#serves(registry);
		const rest = { robot, reachable, works: false, copies, projects: undefined };
		if (isLeaving(metadata)) return { ...rest, reasons: ["Deleting"] };
		if (spec.suspend) return { ...rest, reasons: ["Suspended"] };
		const obstacle = this.#obstacle(robot, registry);
		if (obstacle === "NotAllowed") return { ...rest, reasons: ["NotAllowed"] };
		if (spec.expirationTime !== undefined && Date.parse(spec.expirationTime) <= this.#now) {
			return { ...rest, reasons: ["Expired"] };
		}
		if (obstacle !== undefined || registry === undefined) return { ...rest, reasons: ["DependencyNotReady"] };
		if (isLeaving(registry.metadata)) return { ...rest, reasons: [] };
		if (this.#isForeign(robot, this.secretKey(robot))) return { ...rest, reasons: ["NotOurs"] };
		const { projects, refusal } = this.#grants(robot, registry);
		const foreign = [...copies].filter((key) => this.#isForeign(robot, key));
		const reason = refusal ?? (foreign.length > 0 ? "NotOurs" : "Succeeded");
		for (const key of foreign) copies.delete(key);
		return { robot, reachable, reasons: [reason], works: true, projects, copies };
	}

	policy(policy: PolicyOfKind): ExpectedPolicy {
		const { metadata, spec } = policy;
		const registry = this.#registryOf(policy);
		const rest = { policy, is: "whatever" as const, projects: { uids: [] }, remote: undefined };
		if (isLeaving(metadata)) return { ...rest, reasons: ["Deleting"] };
		const obstacle = this.#obstacle(policy, registry);
		const isServing = registry !== undefined && !isLeaving(registry.metadata) && this.#serves(registry);
		if (obstacle !== undefined) return { ...rest, reasons: [obstacle], is: isServing ? "held" : "whatever" };
		if (registry === undefined || !isServing) return { ...rest, reasons: [] };
		const scope = this.#scope(policy, registry);
		const side = policy.kind === "ReplicationPolicy" ? this.#remote(policy) : { remote: undefined };
		if (side === undefined) return { ...rest, reasons: [] };
		const refusals = [...scope.refusals, ...("refusal" in side ? [side.refusal] : [])];
		const [first] = refusals;
		if (first !== undefined) {
			const reason = refusals.includes("NotAllowed") ? "NotAllowed" : first;
			return { ...rest, reasons: [reason], is: "held" };
		}
		const reasons = [spec.suspend ? "Suspended" : "Succeeded"];
		const remote = "remote" in side ? side.remote : undefined;
		return { policy, reasons, is: "in-force", projects: scope.projects, remote };
	}

	/** The projects that a policy may be about, and why not all that it names are. */
	#scope(
		{ metadata: { namespace }, spec }: PolicyOfKind,
		registry: Registry,
	): { readonly projects: PolicyProjects; readonly refusals: readonly string[] } {
		const isSystem = namespace === registry.metadata.namespace;
		if (spec.projectNames !== undefined) {
			return isSystem
				? { projects: { names: spec.projectNames }, refusals: [] }
				: { projects: { uids: [] }, refusals: ["NotAllowed"] };
		}
		const key = keyOf(registry.metadata);
		const uids = new Set<string>();
		const refusals: string[] = [];
		for (const { name, namespace: its = namespace } of spec.projectRefs ?? []) {
			const found = this.#snapshot.projects.find(({ metadata }) => keyOf(metadata) === `${its}/${name}`);
			const isNear = its === namespace || isSystem;
			const isMine = isNear || found?.spec.delegateTo.namespaces.includes(namespace) === true;
			const isAllowed = this.#allows(registry, its);
			const isHere = found === undefined || keyOfRegistry(found) === key;
			if (!isMine || (found !== undefined && !(isHere && isAllowed))) refusals.push("NotAllowed");
			else if (found === undefined || isLeaving(found.metadata) || !this.#isHeld(found, key)) {
				refusals.push("DependencyNotReady");
			} else uids.add(found.metadata.uid);
		}
		return { projects: { uids: [...uids].toSorted() }, refusals };
	}

	/** The other side; undefined: not to be said while its Registry goes. */
	#remote({
		metadata: { namespace },
		spec,
	}: PolicyOfKind & { readonly kind: "ReplicationPolicy" }):
		| { readonly remote: ExpectedRemote }
		| { readonly refusal: string }
		| undefined {
		const missing = { refusal: "DependencyNotReady" };
		const { url, credentialsSecretRef, registryRef, robotAccountRef } = spec.source ?? spec.destination ?? {};
		if (url !== undefined) {
			if (credentialsSecretRef === undefined) return { remote: { url, login: undefined } };
			const secret = this.#snapshot.secrets.get(`${namespace}/${credentialsSecretRef.name}`);
			const [username, password] = [entryOf(secret, "username"), entryOf(secret, "password")];
			return username === "" || password === "" ? missing : { remote: { url, login: { username, password } } };
		}
		const robot = this.#snapshot.robots.find(
			({ metadata }) => keyOf(metadata) === `${namespace}/${robotAccountRef?.name}`,
		);
		if (robot === undefined) return missing;
		const key = `${registryRef?.namespace ?? namespace}/${registryRef?.name}`;
		if (keyOfRegistry(robot) !== key) return { refusal: "NotAllowed" };
		const isReady = robot.status.conditions.some(({ type, status }) => type === "Ready" && status === "True");
		const registry = this.#snapshot.registries.get(key);
		if (registry !== undefined && isLeaving(registry.metadata)) return undefined;
		const password = readCredential(this.#snapshot.secrets.get(this.secretKey(robot)));
		if (!isReady || registry?.status.url === undefined || password === undefined) return missing;
		return { remote: { url: registry.status.url, login: { username: robotFullName(robot.metadata), password } } };
	}

	/** Whether the data plane says that the name is the project's. */
	#isHeld({ metadata }: Project, key: string): boolean {
		return this.#snapshot.standings.get(key)?.get(metadata.uid)?.ready === true;
	}

	/** Where the Secret of a robot is. */
	secretKey({ metadata, spec }: RobotAccount): string {
		return `${metadata.namespace}/${spec.secret.name ?? metadata.name}`;
	}

	#registryOf({ metadata, spec }: Bound): Registry | undefined {
		return this.#snapshot.registries.get(
			`${spec.registryRef.namespace ?? metadata.namespace}/${spec.registryRef.name}`,
		);
	}

	/** What keeps a resource from being wanted at its Registry at all. */
	#obstacle({ metadata, spec }: Bound, registry: Registry | undefined): string | undefined {
		const isOwn = (spec.registryRef.namespace ?? metadata.namespace) === metadata.namespace;
		if (registry === undefined) return isOwn ? "DependencyNotReady" : "NotAllowed";
		if (!this.#allows(registry, metadata.namespace)) return "NotAllowed";
		if (isLeaving(registry.metadata)) return undefined;
		return this.#serves(registry) ? undefined : "DependencyNotReady";
	}

	#allows({ metadata, spec }: Registry, namespace: string): boolean {
		const { names, selector } = spec.allowedNamespaces;
		if (namespace === metadata.namespace || names.includes(namespace)) return true;
		const labels = this.#snapshot.namespaces.get(namespace)?.metadata.labels ?? {};
		return (
			selector !== undefined && Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value)
		);
	}

	/**
	 * Where nobody else ever wants the name, it is the project's. Else it is whose the data plane says: also of one that
	 * was deleted, until its content is gone.
	 */
	#holds(project: Project): boolean {
		const key = keyOfRegistry(project);
		const isWanted = this.#snapshot.projects.some(
			(one) => one !== project && keyOfRegistry(one) === key && nameOf(one) === nameOf(project),
		);
		return this.#isHeld(project, key) || (!isWanted && nameOf(project) !== CONTESTED);
	}

	#grants(
		{ metadata: { namespace }, spec }: RobotAccount,
		registry: Registry,
	): { readonly projects: ReadonlySet<string>; readonly refusal: string | undefined } {
		if (namespace === registry.metadata.namespace) {
			return { projects: new Set(spec.permissions.map(({ project }) => project)), refusal: undefined };
		}
		const key = keyOf(registry.metadata);
		const reachable = this.#snapshot.projects.filter(
			(one) =>
				keyOfRegistry(one) === key &&
				this.#allows(registry, one.metadata.namespace) &&
				(one.metadata.namespace === namespace || one.spec.delegateTo.namespaces.includes(namespace)),
		);
		const isHeld = (one: Project) => this.#isHeld(one, key);
		const projects = new Set<string>();
		let refusal: string | undefined;
		for (const { project } of spec.permissions) {
			const pattern = new RegExp(`^${project.replaceAll("*", ".*")}$`);
			const found = reachable.filter((one) => pattern.test(nameOf(one)));
			for (const one of found.filter(isHeld)) projects.add(nameOf(one));
			if (!project.includes("*") && !found.some(isHeld)) {
				refusal ??= found.length > 0 ? "DependencyNotReady" : "NotAllowed";
			}
		}
		return { projects, refusal };
	}

	*#copies(robot: RobotAccount): Iterable<string> {
		const { copyTo, name = robot.metadata.name } = robot.spec.secret;
		if (copyTo === undefined) return;
		for (const [namespace, { metadata }] of this.#snapshot.namespaces) {
			if (isLeaving(metadata) || namespace === robot.metadata.namespace) continue;
			if (metadata.labels?.["limani.dev/accept-from"] === robot.metadata.namespace) yield `${namespace}/${name}`;
		}
	}

	/** Whether what stands there is not the robot's. */
	#isForeign({ metadata }: RobotAccount, key: string): boolean {
		const present = this.#snapshot.secrets.get(key);
		return present !== undefined && ownerOf(present) !== metadata.uid;
	}
}

/** The uid of the resource that a Secret was made for; absent: it is somebody's own. */
export const ownerOf = ({ metadata }: KubeObject): string | undefined => metadata.labels?.["limani.dev/owner-uid"];

/** The name of a project in its Registry. */
export const nameOf = ({ metadata, spec }: Project): string => spec.projectName ?? metadata.name;

/** The key of the Registry that a resource names. */
export const keyOfRegistry = ({ metadata, spec }: Bound): string =>
	`${spec.registryRef.namespace ?? metadata.namespace}/${spec.registryRef.name}`;

const isLeaving = ({ deletionTimestamp }: { readonly deletionTimestamp?: string | undefined }): boolean =>
	deletionTimestamp !== undefined;

/** What a Secret has under a name, as text; empty: nothing. */
const entryOf = (secret: KubeObject | undefined, name: string): string => {
	const data = typeof secret?.data === "object" && secret.data !== null ? secret.data : {};
	return Buffer.from(String(Object.entries(data).find(([key]) => key === name)?.[1] ?? ""), "base64").toString("utf8");
};
