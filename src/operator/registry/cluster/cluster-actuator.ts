import { registryKind } from "#/api/kinds/registry.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { type KubeObject, keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { controllerOf, controllerReference } from "#/kube/owner-references.ts";
import { ownershipOf } from "#/kube/ownership.ts";
import { apiVersionOf, DEPLOYMENTS, PERSISTENT_VOLUME_CLAIMS, SECRETS, STATEFUL_SETS } from "#/kube/resource-type.ts";
import { OWNER_LABEL } from "#/operator/owner-label.ts";
import type { RegistryActuator, RegistryProblem, RegistryRef, RegistryState } from "#/operator/registry/actuator.ts";
import type { WantedRegistry } from "#/operator/registry/wanted-registry.ts";
import { applyObjects, deleteOwned, listOwned } from "./apply-objects.ts";
import { deleteClassVolumes, ensureClassVolumes } from "./class-claims.ts";
import { ClusterDatabases, findDatabase } from "./cluster-databases.ts";
import type { ClusterPlan } from "./cluster-plan.ts";
import { clusterSettingsOf, revisionOf, urlOf } from "./cluster-settings.ts";
import type { ControlIdentity, IdentityDeps } from "./control-identity.ts";
import { ControlLinks } from "./control-links.ts";
import { findPodTrouble } from "./find-pod-trouble.ts";
import { ImageTurns } from "./image-turns.ts";
import { INSTANCE_LABEL, isKeptFor, namesOf } from "./names.ts";
import { objectsOf } from "./objects.ts";
import { ensureControlSecret, ensureMasterKey, readControlSecret } from "./own-secrets.ts";
import { BEGINNING, keyIsLost, notOurs, refusalOf, withTrouble } from "./problems.ts";
import { readPodCounts, versionOfImage } from "./read-state.ts";
import { ensureArchiveClaim, findClaim, growClaim } from "./volume-claim.ts";
import { isWorkload } from "./workload.ts";

/** What {@link ClusterActuator} works with. */
export interface ClusterActuatorDeps extends IdentityDeps {
	readonly client: KubeClient;
	/** Image of data planes where a Registry names none, and the release that is in it. */
	readonly image: string;
	readonly version: string;
	/** Who alone may reach control ports. */
	readonly operator: ClusterPlan["operator"];
	/** What is made for Registries, by type: a change of any of it makes them be looked at. */
	readonly made: readonly ObjectStore[];
}

/** Runs registries as pods of a cluster. */
export class ClusterActuator implements RegistryActuator, Disposable {
	readonly databases: ClusterDatabases;
	readonly #deps: ClusterActuatorDeps;
	readonly #links = new ControlLinks();
	readonly #turns: ImageTurns;

	constructor(deps: ClusterActuatorDeps) {
		this.databases = new ClusterDatabases(deps);
		this.#deps = deps;
		this.#turns = new ImageTurns(deps.now, () => withImageUnderWay(deps));
	}

	async ensure(wanted: WantedRegistry, signal: AbortSignal): Promise<RegistryState> {
		try {
			return await this.#ensure(wanted, signal);
		} catch (error) {
			const problem = refusalOf(error);
			if (problem === undefined) throw error;
			return this.#halted(wanted, problem, signal);
		}
	}

	observe(registry: RegistryRef, signal: AbortSignal): Promise<RegistryState | undefined> {
		return this.#look(registry, undefined, signal);
	}

	async remove(registry: RegistryRef, data: "Retain" | "Delete", signal: AbortSignal): Promise<void> {
		const { client } = this.#deps;
		const { namespace } = registry;
		const names = namesOf(registry);
		this.#links.close(registry.uid);
		this.#turns.end(registry.uid);
		for (const object of await listOwned(client, registry, signal)) await deleteOwned(client, object, signal);
		await this.#removeControl(registry, signal);
		if (data === "Retain") return;
		await deleteClassVolumes(client, registry, signal);
		for (const [type, name] of [
			[PERSISTENT_VOLUME_CLAIMS, names.claim],
			[SECRETS, names.masterKey],
		] as const) {
			const object = await client.find(type, { namespace, name }, signal);
			const uid = object?.metadata.uid;
			if (object !== undefined && isKeptFor(object, registry)) {
				await client.delete(type, { namespace, name }, { uid }, signal);
			}
		}
	}

	subscribe(listener: (key: ObjectKey) => void): Disposable {
		const subscriptions = new DisposableStack();
		for (const store of this.#deps.made) {
			const subscription = store.subscribe(({ before, after }) => {
				const keys = [before, after].flatMap((object) => keysOf(object));
				for (const key of new Set(keys)) listener(key);
			});
			subscriptions.use(subscription);
		}
		subscriptions.use(this.#turns.subscribe(listener));
		return subscriptions;
	}

	/** Closes the connections to control ports. */
	[Symbol.dispose](): void {
		this.#links[Symbol.dispose]();
	}

	async #ensure(wanted: WantedRegistry, signal: AbortSignal): Promise<RegistryState> {
		const { client, operator } = this.#deps;
		const registry = { uid: wanted.uid, namespace: wanted.namespace, name: wanted.name };
		const names = namesOf(registry);
		const owner = ownerOf(registry);
		const claim = await findClaim(client, registry, signal);
		const volume = await growClaim(client, registry, { claim, spec: wanted.spec }, signal);
		if (volume?.reason === "NotOurs") return this.#halted(wanted, volume, signal);
		const archive = await ensureArchiveClaim(client, registry, wanted.spec, signal);
		if (archive?.reason === "NotOurs") return this.#halted(wanted, archive, signal);
		const control = await ensureControlSecret(this.#deps, registry, owner, signal);
		if (control === "foreign") return this.#halted(wanted, notOurs([`Secret ${names.control}`]), signal);
		const present = await this.#findWorkload(registry, signal);
		const hasData = async () =>
			claim !== undefined || present !== undefined || (await this.#hasDatabase(wanted, signal));
		const masterKey = await ensureMasterKey(this.#deps, registry, hasData, signal);
		if (masterKey === "foreign") return this.#halted(wanted, notOurs([`Secret ${names.masterKey}`]), signal);
		if (masterKey === "lost") return this.#halted(wanted, keyIsLost(registry), signal);
		const { spec, usedClasses: used = new Set<string>() } = wanted;
		const classes = await ensureClassVolumes(client, registry, { spec, used, workload: present }, signal);
		const settings = clusterSettingsOf(wanted);
		const plan = {
			registry,
			spec: wanted.spec,
			recovery: wanted.recovery,
			classVolumes: classes.mounted,
			settings,
			defaultImage: this.#imageOf(wanted, present),
			revision: revisionOf(settings, wanted.secretVersions, [control.version, masterKey.version]),
			owner,
			operator,
		};
		const { objects, foreign } = await applyObjects(client, registry, objectsOf(plan), signal);
		const workload = objects.find(isWorkload);
		const problem = foreign.length > 0 ? notOurs(foreign) : (volume ?? archive ?? classes.problem);
		return this.#read(registry, { workload, url: urlOf(wanted), problem, identity: control.identity }, signal);
	}

	/** Whether it has a database that was made for it, be it by one of its name before. */
	async #hasDatabase({ spec, ...registry }: WantedRegistry, signal: AbortSignal): Promise<boolean> {
		if (spec.database.cloudNativePG === undefined) return false;
		const found = await findDatabase(this.#deps.client, registry, signal);
		return found !== undefined && found !== "unknown";
	}

	/** The image that it has where it names none: that of a new operator once it is its turn. */
	#imageOf({ uid, namespace, name, spec }: WantedRegistry, present: KubeObject | undefined): string {
		const { image } = this.#deps;
		const counts = present === undefined ? undefined : readPodCounts(present);
		const isLate = spec.image === undefined && counts?.image !== undefined && counts.image !== image;
		// What serves nobody, or is to be changed anyhow, waits for nobody.
		const isAway = counts?.ready === 0;
		if (isLate && !isAway) return this.#turns.take({ uid, key: keyOf({ namespace, name }) }) ? image : counts.image;
		return image;
	}

	/** What there is goes on as it is. */
	async #halted(wanted: WantedRegistry, problem: RegistryProblem, signal: AbortSignal): Promise<RegistryState> {
		const { uid, namespace, name } = wanted;
		const present = await this.#look({ uid, namespace, name }, problem, signal);
		return present ?? stateOf(urlOf(wanted), problem);
	}

	async #look(
		registry: RegistryRef,
		problem: RegistryProblem | undefined,
		signal: AbortSignal,
	): Promise<RegistryState | undefined> {
		const workload = await this.#findWorkload(registry, signal);
		if (workload === undefined) return undefined;
		const identity = await readControlSecret(this.#deps.client, registry, signal);
		return this.#read(registry, { workload, url: undefined, problem, identity }, signal);
	}

	async #read(
		registry: RegistryRef,
		found: {
			readonly workload: KubeObject | undefined;
			readonly url: string | undefined;
			readonly problem: RegistryProblem | undefined;
			readonly identity: ControlIdentity | undefined;
		},
		signal: AbortSignal,
	): Promise<RegistryState> {
		const { image, version, client } = this.#deps;
		const counts = found.workload === undefined ? undefined : readPodCounts(found.workload);
		if (counts === undefined) return stateOf(found.url, found.problem ?? BEGINNING);
		if (counts.image === image && counts.problem === undefined) this.#turns.end(registry.uid);
		const pods =
			counts.problem === undefined
				? undefined
				: withTrouble(counts.problem, await findPodTrouble(client, registry, signal));
		const isDriven = counts.ready > 0 && found.identity !== undefined;
		if (!isDriven) this.#links.close(registry.uid);
		return {
			url: found.url,
			replicas: counts.present,
			readyReplicas: counts.ready,
			selector: counts.selector,
			version: counts.image === image ? version : versionOfImage(counts.image ?? ""),
			control: isDriven && found.identity !== undefined ? this.#links.open(registry, found.identity) : undefined,
			problem: found.problem ?? pods,
		};
	}

	/** It goes with its owner too, so that a Registry can be deleted where Secrets are forbidden, and so none was made. */
	async #removeControl(registry: RegistryRef, signal: AbortSignal): Promise<void> {
		const { client } = this.#deps;
		const ref = { namespace: registry.namespace, name: namesOf(registry).control };
		try {
			const control = await client.find(SECRETS, ref, signal);
			if (control === undefined || !isOurs(control, registry)) return;
			await client.delete(SECRETS, ref, { uid: control.metadata.uid }, signal);
		} catch (error) {
			if (!(error instanceof KubeError) || error.code !== "FORBIDDEN") throw error;
		}
	}

	async #findWorkload(registry: RegistryRef, signal: AbortSignal): Promise<KubeObject | undefined> {
		const ref = { namespace: registry.namespace, name: namesOf(registry).workload };
		for (const type of [STATEFUL_SETS, DEPLOYMENTS]) {
			const found = await this.#deps.client.find(type, ref, signal);
			if (found !== undefined && isOurs(found, registry)) return found;
		}
		return undefined;
	}
}

/** The Registry that an object was made for, by its name: as is what outlives it. */
const keysOf = (object: KubeObject | undefined): readonly ObjectKey[] => {
	const { namespace, labels } = object?.metadata ?? {};
	const name = labels?.[INSTANCE_LABEL];
	return object === undefined || name === undefined || !isKeptFor(object, { name }) ? [] : [keyOf({ namespace, name })];
};

/** The uid of a Registry whose pods are being given the image and are not all well. */
const withImageUnderWay = ({ made, image }: ClusterActuatorDeps): string | undefined => {
	for (const store of made) {
		for (const object of store.list()) {
			const counts = isWorkload(object) ? readPodCounts(object) : undefined;
			if (counts?.image === image && counts.problem !== undefined) return controllerOf(object)?.uid;
		}
	}
	return undefined;
};

const isOurs = (object: KubeObject, { uid }: RegistryRef): boolean =>
	ownershipOf(object, { label: OWNER_LABEL, uid }) === "ours";

/** What refers to a Registry as its controller. */
const ownerOf = ({ name, namespace, uid }: RegistryRef) =>
	controllerReference({
		apiVersion: apiVersionOf(registryKind),
		kind: registryKind.kind,
		metadata: { name, namespace, uid },
	});

/** Of a registry of which nothing runs. */
const stateOf = (url: string | undefined, problem: RegistryProblem): RegistryState => ({
	url,
	replicas: 0,
	readyReplicas: 0,
	selector: "",
	version: undefined,
	control: undefined,
	problem,
});
