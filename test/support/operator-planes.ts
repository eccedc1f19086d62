import type { Control } from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";
import { keyOf } from "#/kube/kube-object.ts";
import type { RegistryActuator, RegistryRef, RegistryState } from "#/operator/registry/actuator.ts";
import type { ControlHarness } from "../conformance/control/bench.ts";
import { openControlPlane, openQuickState } from "./control-planes.ts";
import type { Life } from "./operator-life.ts";

/** What befalls one call of Control. */
export type ControlFault =
	/** It never arrives. */
	| "unavailable"
	/** It is done, and the answer is lost. */
	| "lost";

interface LightPlane {
	readonly harness: ControlHarness;
	/** Stands between, with the faults. */
	readonly control: Control;
	serving: boolean;
}

/** Data planes without anything that serves clients: real commands, real metadata. They outlive the operators. */
export class LightPlanes implements AsyncDisposable {
	readonly #planes = new Map<string, LightPlane>();
	/** Asked before each call. */
	fault: () => ControlFault | undefined = () => undefined;

	/** The actuator of one operator. */
	actuator(life: Life): RegistryActuator {
		const controls = new Map<Control, Control>();
		const stateOf = (ref: RegistryRef): RegistryState => {
			const plane = this.#planes.get(keyOf(ref));
			const inner = plane?.serving === true ? plane.control : undefined;
			if (inner !== undefined && !controls.has(inner)) controls.set(inner, life.control(inner, keyOf(ref)));
			const count = inner === undefined ? 0 : 1;
			return {
				url: inner === undefined ? undefined : urlOf(ref),
				replicas: count,
				readyReplicas: count,
				selector: "",
				version: inner === undefined ? undefined : "1.0.0",
				control: inner === undefined ? undefined : controls.get(inner),
				problem: undefined,
			};
		};
		return {
			ensure: async (wanted) => {
				if (life.over) throw new Error("killed");
				const plane = await this.#open(keyOf(wanted));
				plane.serving = wanted.spec.replicas > 0;
				return stateOf(wanted);
			},
			observe: async (ref) => (this.#planes.get(keyOf(ref))?.serving === true ? stateOf(ref) : undefined),
			remove: async (ref, data) => {
				if (life.over) throw new Error("killed");
				const plane = this.#planes.get(keyOf(ref));
				if (plane === undefined) return;
				plane.serving = false;
				if (data === "Retain") return;
				this.#planes.delete(keyOf(ref));
				await plane.harness[Symbol.asyncDispose]();
			},
			subscribe: () => ({ [Symbol.dispose]: () => undefined }),
		};
	}

	/** The data plane of a Registry, whether or not it serves; absent when there is nothing of it. */
	find(key: string): ControlHarness | undefined {
		return this.#planes.get(key)?.harness;
	}

	/** The keys of those that serve. */
	get serving(): readonly string[] {
		return [...this.#planes].filter(([, { serving }]) => serving).map(([key]) => key);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const { harness } of this.#planes.values()) await harness[Symbol.asyncDispose]();
		this.#planes.clear();
	}

	async #open(key: string): Promise<LightPlane> {
		const present = this.#planes.get(key);
		if (present !== undefined) return present;
		const harness = await openControlPlane(await openQuickState());
		const plane = { harness, control: this.#faulty(harness), serving: true };
		this.#planes.set(key, plane);
		return plane;
	}

	#faulty(harness: ControlHarness): Control {
		const call = async <T>(done: () => Promise<T>): Promise<T> => {
			const fault = this.fault();
			if (fault === "unavailable") throw new ControlError("UNAVAILABLE", "the registry does not answer");
			const result = await done();
			if (fault === "lost") throw new ControlError("UNAVAILABLE", "the answer was lost");
			return result;
		};
		return {
			begin: (...args) => call(() => harness.control.begin(...args)),
			apply: (...args) => call(() => harness.control.apply(...args)),
			resync: (...args) => call(() => harness.control.resync(...args)),
			observe: (...args) => call(() => harness.control.observe(...args)),
			usage: (...args) => call(() => harness.control.usage(...args)),
			totals: (...args) => call(() => harness.control.totals(...args)),
			archive: (...args) => call(() => harness.control.archive(...args)),
			explain: (...args) => call(() => harness.control.explain(...args)),
			history: (...args) => call(() => harness.control.history(...args)),
			restore: (...args) => call(() => harness.control.restore(...args)),
			run: (...args) => call(() => harness.control.run(...args)),
		};
	}
}

const urlOf = ({ namespace, name }: RegistryRef): string => `https://${name}.${namespace}.example.org:5000`;
