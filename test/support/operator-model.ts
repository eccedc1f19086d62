import type { Project } from "#/api/kinds/project.ts";
import type { Registry } from "#/api/kinds/registry.ts";
import type { RobotAccount } from "#/api/kinds/robot-account.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { Snapshot } from "./operator-snapshot.ts";

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

/** A name that several owners want, at the same time or one after the other. */
export const CONTESTED = "shared";

/** What all resources come to, by nothing but their specs, and who came first where two want one name. */
export class Model {
	readonly #now: number;
	readonly #snapshot: Snapshot;

	constructor(snapshot: Snapshot, now: number) {
		this.#snapshot = snapshot;
		this.#now = now;
	}

	/** The reason of a Registry's Ready condition. */
	registry({ metadata, spec }: Registry): string {
		if (isLeaving(metadata)) return "InUse";
		const missing = spec.auth.users.some(({ passwordSecretRef: { name, key } }) => {
			const data = this.#snapshot.secrets.get(`${metadata.namespace}/${name}`)?.data;
			return typeof data !== "object" || data === null || !Object.hasOwn(data, key);
		});
		if (missing) return "DependencyNotReady";
		return spec.replicas === 0 ? "ScaledToZero" : "Succeeded";
	}

	project(project: Project): ExpectedProject {
		const { metadata, spec } = project;
		const registry = this.#registryOf(project);
		if (isLeaving(metadata)) return { project, reasons: ["Deleting"], is: "whatever" };
		if (spec.suspend) return { project, reasons: ["Suspended"], is: "whatever" };
		const obstacle = this.#obstacle(project, registry);
		const reachable = registry !== undefined && registry.spec.replicas > 0;
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
		const reachable = registry !== undefined && registry.spec.replicas > 0;
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

	/** Where the Secret of a robot is. */
	secretKey({ metadata, spec }: RobotAccount): string {
		return `${metadata.namespace}/${spec.secret.name ?? metadata.name}`;
	}

	#registryOf({ metadata, spec }: Project | RobotAccount): Registry | undefined {
		return this.#snapshot.registries.get(
			`${spec.registryRef.namespace ?? metadata.namespace}/${spec.registryRef.name}`,
		);
	}

	/** What keeps a resource from being wanted at its Registry at all. */
	#obstacle({ metadata, spec }: Project | RobotAccount, registry: Registry | undefined): string | undefined {
		const isOwn = (spec.registryRef.namespace ?? metadata.namespace) === metadata.namespace;
		if (registry === undefined) return isOwn ? "DependencyNotReady" : "NotAllowed";
		if (!this.#allows(registry, metadata.namespace)) return "NotAllowed";
		if (isLeaving(registry.metadata)) return undefined;
		return registry.spec.replicas === 0 ? "DependencyNotReady" : undefined;
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
		const isHeld = this.#snapshot.standings.get(key)?.get(project.metadata.uid)?.ready === true;
		return isHeld || (!isWanted && nameOf(project) !== CONTESTED);
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
		const isHeld = (one: Project) => this.#snapshot.standings.get(key)?.get(one.metadata.uid)?.ready === true;
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
export const keyOfRegistry = ({ metadata, spec }: Project | RobotAccount): string =>
	`${spec.registryRef.namespace ?? metadata.namespace}/${spec.registryRef.name}`;

const isLeaving = ({ deletionTimestamp }: { readonly deletionTimestamp?: string | undefined }): boolean =>
	deletionTimestamp !== undefined;
