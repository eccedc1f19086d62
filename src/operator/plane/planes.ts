import type { ControlledKind } from "#/api/controlled-specs.ts";
import type { Control } from "#/control/control.ts";
import { BackOff } from "#/kube/back-off.ts";
import type { ObjectKey } from "#/kube/kube-object.ts";
import type { Timing } from "#/lib/timing.ts";
import { type Census, findOrphans } from "./find-orphans.ts";
import { PlaneLink, type PlaneLinkOpts } from "./plane-link.ts";

/** A Registry whose data plane can be spoken to. */
export interface PlaneAddress {
	/** Of the Registry. */
	readonly uid: string;
	readonly key: ObjectKey;
	/** The same object as long as it is the same connection: another one begins a new link. */
	readonly control: Control;
}

/** What is not as it was. */
export interface PlaneChange {
	readonly registry: { readonly uid: string; readonly key: ObjectKey };
	/** Absent: the link itself came, went or was begun anew, which concerns everything that belongs to the Registry. */
	readonly uids: ReadonlySet<string> | undefined;
}

/** What {@link Planes} works with. */
export interface PlanesDeps {
	/** A name for this process, for those who look at who holds an epoch. */
	readonly holder: string;
	readonly timing: Timing;
	/** Whether this process is the one that controls; one that is not begins no epoch. */
	readonly leads: () => boolean;
	/** By which it is told what a data plane has of resources that no longer exist; a kind without one has none. */
	readonly censuses: { readonly [K in ControlledKind]?: Census };
	/** Told why a link ended. */
	readonly report: (registry: ObjectKey, error: unknown) => void;
}

/** Settings of {@link Planes}. */
export interface PlanesOpts extends PlaneLinkOpts {
	/**
	 * How long nothing need be said of a data plane that was not seen yet, milliseconds: so long what was written down of
	 * it before still holds.
	 *
	 * @defaultValue 30000
	 */
	readonly unseenMs?: number;
}

interface Attached {
	readonly address: PlaneAddress;
	/** Since when it is not known what there is, unless that is known; by the monotonic clock. */
	unseenSince: number;
	readonly leaving: AbortController;
	link: PlaneLink;
	ended: Promise<void>;
}

const UNSEEN_MS = 30_000;

/** The links to the data planes, by the uids of their Registries. */
export class Planes implements AsyncDisposable {
	readonly #deps: PlanesDeps;
	readonly #opts: PlanesOpts;
	readonly #begunAt: number;
	/** Registries that were looked at, and have nothing to speak to. */
	readonly #absent = new Set<string>();
	readonly #attached = new Map<string, Attached>();
	readonly #listeners = new Set<(change: PlaneChange) => void>();

	constructor(deps: PlanesDeps, opts: PlanesOpts = {}) {
		this.#deps = deps;
		this.#begunAt = deps.timing.monotonic();
		this.#opts = opts;
	}

	/** Sees to it that there is a link to the Registry's data plane. */
	attach(address: PlaneAddress): void {
		const present = this.#attached.get(address.uid);
		if (present?.address.control === address.control) return;
		present?.leaving.abort();
		this.#absent.delete(address.uid);
		const attached: Attached = {
			address,
			unseenSince: this.#deps.timing.monotonic(),
			leaving: new AbortController(),
			link: this.#newLink(address),
			ended: Promise.resolve(),
		};
		this.#attached.set(address.uid, attached);
		attached.ended = this.#keepUp(attached, present?.ended);
		this.#tell(address, undefined);
	}

	/** There is nothing to speak to: ends the link, if there is one. Resolves when nothing of it goes on. */
	async detach(uid: string): Promise<void> {
		this.#absent.add(uid);
		const attached = this.#attached.get(uid);
		if (attached === undefined) return;
		this.#attached.delete(uid);
		attached.leaving.abort();
		await attached.ended;
		this.#tell(attached.address, undefined);
	}

	/** The link of a Registry; absent while its data plane cannot be spoken to. */
	find(uid: string): PlaneLink | undefined {
		return this.#attached.get(uid)?.link;
	}

	/** Whether it was looked, and there is nothing to speak to. */
	isAbsent(uid: string): boolean {
		return this.#absent.has(uid);
	}

	/**
	 * Whether it is yet to be seen what the data plane of a Registry has, or whether there is one at all, and it is too
	 * early to say that this is waited for: so it is when the control plane has just begun.
	 */
	isUnseen(uid: string): boolean {
		const attached = this.#attached.get(uid);
		if (attached === undefined ? this.#absent.has(uid) : attached.link.synced) return false;
		const since = attached?.unseenSince ?? this.#begunAt;
		return this.#deps.timing.monotonic() - since < (this.#opts.unseenMs ?? UNSEEN_MS);
	}

	/** Tells of every change at any data plane from now on. */
	subscribe(listener: (change: PlaneChange) => void): Disposable {
		this.#listeners.add(listener);
		return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
	}

	/** Ends all links. */
	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all([...this.#attached.keys()].map((uid) => this.detach(uid)));
	}

	/** Runs a link until it is to end; when it ends by itself a new one is begun, from what there is by then. */
	async #keepUp(attached: Attached, before: Promise<void> | undefined): Promise<void> {
		const { address, leaving } = attached;
		const { signal } = leaving;
		const backOff = new BackOff(this.#deps.timing);
		await before;
		while (!signal.aborted) {
			try {
				if (this.#deps.leads()) await attached.link.run(signal);
			} catch (error) {
				if (signal.aborted) return;
				this.#deps.report(address.key, error);
			}
			await this.#deps.timing.sleep(backOff.next(), signal).catch(() => undefined);
			if (attached.link.synced) attached.unseenSince = this.#deps.timing.monotonic();
			attached.link = this.#newLink(address);
			this.#tell(address, undefined);
		}
	}

	#newLink(address: PlaneAddress): PlaneLink {
		const { control } = address;
		const link = new PlaneLink({ control, holder: this.#deps.holder, timing: this.#deps.timing }, this.#opts);
		let swept = false;
		link.subscribe((uids) => {
			const isFirst = !swept;
			swept = true;
			if (isFirst) this.#sweep(link);
			this.#tell(address, isFirst ? undefined : uids);
		});
		return link;
	}

	#sweep(link: PlaneLink): void {
		for (const { uid, fate } of findOrphans(link.entries(), this.#deps.censuses)) {
			if (fate === "delete") link.drop(uid);
			else link.release(uid);
		}
	}

	#tell({ uid, key }: PlaneAddress, uids: ReadonlySet<string> | undefined): void {
		for (const listener of this.#listeners) listener({ registry: { uid, key }, uids });
	}
}
