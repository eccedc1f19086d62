import type { Control } from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";
import type { DeleteOpts, KubeClient, ObjectRef, PatchKind, Selection, WriteOpts } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { ResourceType } from "#/kube/resource-type.ts";

/** Something that an operator did and that stays when it is gone. */
export interface Effect {
	/** Such as `apply secrets` or `patch robotaccounts/status`; `control apply`. */
	readonly what: string;
	/** Of what; of a change by Control, the registry's key. */
	readonly key: string;
}

/** One life of an operator. Once it is over, nothing that it still tries has an effect. */
export class Life {
	/** Told of each effect, before the operator itself hears of it. */
	readonly #onEffect: (effect: Effect) => void;
	/** How often it has looked at each data plane, by the keys of their registries. */
	readonly looks = new Map<string, number>();
	/** How many of its calls are under way, watches left out. */
	underway = 0;
	#over = false;

	constructor(onEffect: (effect: Effect) => void) {
		this.#onEffect = onEffect;
	}

	get over(): boolean {
		return this.#over;
	}

	/** As `kill -9`: what is under way may still arrive, what comes of it nobody hears. */
	end(): void {
		this.#over = true;
	}

	async #counted<T>(call: () => Promise<T>): Promise<T> {
		this.underway++;
		try {
			return await call();
		} finally {
			this.underway--;
		}
	}

	/** The client as this operator has it. */
	client(inner: KubeClient): KubeClient {
		const check = () => {
			if (this.#over) throw new KubeError("UNAVAILABLE", "killed");
		};
		const read = async <T>(call: () => Promise<T>): Promise<T> => {
			check();
			const result = await this.#counted(call);
			check();
			return result;
		};
		const write = async <T>(effect: Effect, call: () => Promise<T>): Promise<T> => {
			check();
			const result = await this.#counted(call);
			this.#onEffect(effect);
			check();
			return result;
		};
		const isTold = ({ plural }: ResourceType): boolean => this.#over && plural === "events";
		return {
			find: (...call) => read(() => inner.find(...call)),
			list: (...call) => read(() => inner.list(...call)),
			// Events that nobody hears any more are not to be tried again and again.
			create: async (type: ResourceType, object: KubeObject, opts: WriteOpts, signal: AbortSignal) =>
				isTold(type)
					? object
					: await write(effectOf("create", type, object.metadata, opts), () =>
							inner.create(type, object, opts, signal),
						),
			replace: (type: ResourceType, object: KubeObject, opts: WriteOpts, signal: AbortSignal) =>
				write(effectOf("replace", type, object.metadata, opts), () => inner.replace(type, object, opts, signal)),
			patch: (
				type: ResourceType,
				ref: ObjectRef,
				patch: { readonly kind: PatchKind; readonly body: unknown },
				opts: WriteOpts,
				signal: AbortSignal,
			) => write(effectOf("patch", type, ref, opts), () => inner.patch(type, ref, patch, opts, signal)),
			apply: (type, object, opts, signal) =>
				write(effectOf("apply", type, object.metadata, opts), () => inner.apply(type, object, opts, signal)),
			delete: (type: ResourceType, ref: ObjectRef, opts: DeleteOpts, signal: AbortSignal) =>
				write(effectOf("delete", type, ref, {}), () => inner.delete(type, ref, opts, signal)),
			async *watch(
				type: ResourceType,
				selection: Selection & { readonly resourceVersion: string },
				signal: AbortSignal,
			) {
				check();
				for await (const event of inner.watch(type, selection, signal)) {
					check();
					yield event;
				}
			},
		};
	}

	/** A data plane as this operator has it. @param key of its registry */
	control(inner: Control, key: string): Control {
		const guard = async <T>(call: () => Promise<T>, effect?: Effect): Promise<T> => {
			if (this.#over) throw new ControlError("UNAVAILABLE", "killed");
			const result = await this.#counted(call);
			if (effect !== undefined) this.#onEffect(effect);
			if (this.#over) throw new ControlError("UNAVAILABLE", "killed");
			return result;
		};
		return {
			begin: (...call) => guard(() => inner.begin(...call)),
			apply: (...call) => guard(() => inner.apply(...call), { what: "control apply", key }),
			resync: (...call) => guard(() => inner.resync(...call), { what: "control resync", key }),
			observe: async (...call) => {
				const observed = await guard(() => inner.observe(...call));
				this.looks.set(key, (this.looks.get(key) ?? 0) + 1);
				return observed;
			},
			usage: (...call) => guard(() => inner.usage(...call)),
			totals: (...call) => guard(() => inner.totals(...call)),
			archive: (...call) => guard(() => inner.archive(...call)),
			explain: (...call) => guard(() => inner.explain(...call)),
			history: (...call) => guard(() => inner.history(...call)),
			restore: (...call) => guard(() => inner.restore(...call)),
			run: (...call) => guard(() => inner.run(...call), { what: "control run", key }),
		};
	}
}

const effectOf = (verb: string, { plural }: ResourceType, ref: ObjectRef, { subresource }: WriteOpts): Effect => ({
	what: `${verb} ${plural}${subresource === undefined ? "" : `/${subresource}`}`,
	key: keyOf(ref),
});
