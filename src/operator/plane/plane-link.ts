/** The control plane's end of `Control`: what the controllers want of a Registry goes out, what became of it comes back. */
import type { ControlledKind } from "#/api/controlled-specs.ts";
import type { Control } from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";
import { BackOff, type BackOffOpts } from "#/kube/back-off.ts";
import type { Timing } from "#/lib/timing.ts";
import { Bell } from "./bell.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { Observations, type Standing } from "./observations.ts";
import { type Change, MAX_RESOURCE_BYTES, Outbox } from "./outbox.ts";
import { PlaneError } from "./plane-error.ts";
import { Refusals } from "./refusals.ts";
import { UsageBook } from "./usage-book.ts";

/** One resource as its controller wants it. */
export interface Wish {
	readonly kind: ControlledKind;
	readonly uid: string;
	/** See `api/controlled-specs.ts`. */
	readonly spec: { readonly [field: string]: unknown };
	/**
	 * What tells this spec from others in its fingerprint, where the spec holds a secret that people may have chosen: a
	 * digest of that could be guessed at, and the fingerprint is kept and shown. Absent: the spec itself.
	 */
	readonly telltale?: { readonly [field: string]: unknown };
}

/** What {@link PlaneLink} works with. */
export interface PlaneLinkDeps {
	readonly control: Control;
	/** A name for this process, for those who look at who holds the epoch. */
	readonly holder: string;
	readonly timing: Timing;
}

/** Settings of a {@link PlaneLink}. */
export interface PlaneLinkOpts {
	/** How often is looked for changes after something happened, milliseconds. @defaultValue 1000 */
	readonly minPollMs?: number;
	/** How often when nothing happens, milliseconds. @defaultValue 15000 */
	readonly maxPollMs?: number;
	/** How soon it is asked again for what it refused to look at, milliseconds. @defaultValue 60000 */
	readonly refusedMs?: number;
	/** How long a data plane that did not answer is left alone. @defaultValue 250 ms to 15 s */
	readonly backOff?: BackOffOpts;
}

/** Told which resources are not as they were. */
export type PlaneListener = (uids: ReadonlySet<string>) => void;

/** Lets the wishes of controllers that run at the same time come together in one call, milliseconds. */
const GATHER_MS = 5;
/** The same after a call that carried some: where thousands are wanted, each call costs more than what it carries. */
const BUSY_GATHER_MS = 30;

/**
 * The link to one data plane. Wishes are level-triggered: a controller says again and again what it wants, which costs
 * nothing while the data plane has just that, and is woken when something is not as it was. Nothing of a link outlives
 * it: one that is begun anew learns by observing what there is, and sends nothing that is there already.
 */
export class PlaneLink {
	readonly #control: Control;
	readonly #holder: string;
	readonly #timing: Timing;
	readonly #minPollMs: number;
	readonly #maxPollMs: number;
	readonly #backOff: BackOffOpts;
	readonly #bell: Bell;
	readonly #observations: Observations;
	readonly #outbox = new Outbox();
	/** What projects use. */
	readonly usage: UsageBook;
	readonly #listeners = new Set<PlaneListener>();
	readonly #refusals: Refusals;
	#epoch = 0;
	#base = 0;
	#pollMs: number;
	#synced = false;
	#isBusy = false;
	#trouble: string | undefined;

	constructor({ control, holder, timing }: PlaneLinkDeps, opts: PlaneLinkOpts = {}) {
		this.#control = control;
		this.#holder = holder;
		this.#timing = timing;
		this.#minPollMs = opts.minPollMs ?? 1_000;
		this.#maxPollMs = opts.maxPollMs ?? 15_000;
		this.#backOff = opts.backOff ?? { minMs: 250, maxMs: 15_000 };
		this.#pollMs = this.#minPollMs;
		this.#bell = new Bell(timing);
		this.#refusals = new Refusals(() => timing.monotonic(), opts.refusedMs ?? 60_000);
		this.#observations = new Observations(control);
		this.usage = new UsageBook({ control, monotonic: () => timing.monotonic() });
	}

	/** Whether it is known what the data plane has. */
	get synced(): boolean {
		return this.#synced;
	}

	/** Why the data plane does not answer now; absent when it does. */
	get trouble(): string | undefined {
		return this.#trouble;
	}

	/** What was last observed of a resource, of whatever spec; absent when there is none, or before the first look. */
	find(uid: string): Standing | undefined {
		return this.#observations.find(uid);
	}

	/** All that the data plane has. */
	entries(): Iterable<readonly [uid: string, standing: Standing]> {
		return this.#observations.entries();
	}

	/** Wants a resource so; what the data plane says of just this, absent until it has said so. */
	want({ kind, uid, spec, telltale = spec }: Wish): Standing | undefined {
		const fingerprint = fingerprintOf(telltale);
		const refused = this.#refusals.find(uid, fingerprint);
		if (refused !== undefined && !this.#refusals.takeTurn(uid)) return refused;
		if (refused === undefined) {
			this.#refusals.forget(uid);
			const standing = this.#judge(uid, fingerprint);
			if (standing !== undefined) {
				this.#outbox.cancel(uid);
				return standing;
			}
		}
		const resource = { kind, uid, generation: fingerprint, spec };
		const bytes = Buffer.byteLength(JSON.stringify(resource)) + 1;
		if (bytes > MAX_RESOURCE_BYTES) {
			const message = `it weighs ${bytes} bytes, at most ${MAX_RESOURCE_BYTES} can be handed over`;
			this.#outbox.cancel(uid);
			const tooLarge = { kind, fingerprint, ready: false, reason: "TooLarge", message };
			this.#refusals.add(uid, tooLarge, { isForGood: true });
			return tooLarge;
		}
		this.#post({ act: "upsert", uid, bytes, resource });
		return refused;
	}

	/**
	 * Takes back what was wanted of a resource and not sent yet.
	 *
	 * @returns whether the data plane has the resource, or may yet come to have it by what was sent
	 */
	withdraw(uid: string): boolean {
		this.#outbox.cancel(uid);
		return this.#observations.find(uid) !== undefined || this.#outbox.isInFlight(uid);
	}

	/** Wants a resource gone; whether it is, for certain. */
	drop(uid: string): boolean {
		return this.#part(uid, "delete");
	}

	/** Wants a resource left as it is, under nobody's control; whether that is so, for certain. */
	release(uid: string): boolean {
		return this.#part(uid, "release");
	}

	/** Tells of every change from now on. */
	subscribe(listener: PlaneListener): Disposable {
		this.#listeners.add(listener);
		return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
	}

	/**
	 * Keeps the link up until the signal is aborted, whose reason it throws. A data plane that does not answer is waited
	 * for.
	 *
	 * @throws PlaneError STALE once another holder has begun a later epoch
	 */
	async run(signal: AbortSignal): Promise<never> {
		const backOff = new BackOff(this.#timing, this.#backOff);
		for (;;) {
			let pauseMs: number;
			try {
				if (this.#epoch === 0) await this.#begin(signal);
				await this.#exchange(signal);
				this.#trouble = undefined;
				pauseMs = this.#outbox.isEmpty ? this.#pollMs : 0;
			} catch (error) {
				signal.throwIfAborted();
				if (!(error instanceof ControlError)) throw error;
				this.#trouble = error.message;
				await this.#timing.sleep(backOff.next(), signal);
				continue;
			}
			if (pauseMs > 0) await this.#bell.wait(pauseMs, signal);
			await this.#timing.sleep(this.#isBusy ? BUSY_GATHER_MS : GATHER_MS, signal);
		}
	}

	async #begin(signal: AbortSignal): Promise<void> {
		const { epoch, base } = await this.#control.begin({ holder: this.#holder }, signal);
		this.#base = base;
		await this.#reread(signal);
		this.#epoch = epoch;
	}

	/** Sends what waits, and reads what changed. */
	async #exchange(signal: AbortSignal): Promise<void> {
		const batch = this.#outbox.next();
		this.#isBusy = batch.length > 0;
		if (batch.length > 0 && !(await this.#send(batch, signal))) return;
		const changed = await this.#observations.read(signal);
		const quiet = batch.length === 0 && changed.size === 0;
		this.#pollMs = quiet ? Math.min(this.#maxPollMs, this.#pollMs * 2) : this.#minPollMs;
		// Only now: until it is observed, what was sent is not known to be there.
		this.#outbox.settle();
		this.#tell(changed.union(new Set(batch.map(({ uid }) => uid))).union(this.#refusals.due()));
	}

	/** Whether it arrived. If not, it is sent again, or found needless, or refused for good. */
	async #send(batch: readonly Change[], signal: AbortSignal): Promise<boolean> {
		const upserts = batch.flatMap((change) => (change.act === "upsert" ? [change.resource] : []));
		const uidsOf = (act: Change["act"]) => batch.flatMap((change) => (change.act === act ? [change.uid] : []));
		const change = {
			epoch: this.#epoch,
			base: this.#base,
			upserts,
			deletes: uidsOf("delete"),
			releases: uidsOf("release"),
		};
		try {
			const applied = await this.#control.apply(change, signal);
			if ("base" in applied) {
				this.#base = applied.base;
				for (const { uid } of batch) this.#refusals.forget(uid);
				return true;
			}
			const { refused } = applied;
			if (refused.reason === "stale-epoch") {
				throw new PlaneError("STALE", `epoch ${this.#epoch} was overtaken by ${refused.epoch}`);
			}
			// An earlier call without an answer came to pass after all; now it is known for certain.
			this.#base = refused.base;
			this.#outbox.recall();
			await this.#reread(signal);
		} catch (error) {
			if (!(error instanceof ControlError) || error.code !== "INVALID") throw error;
			this.#sortOut(batch, error.message);
		}
		return false;
	}

	/** Finds the one that breaks the contract, so that it does not stop all others. */
	#sortOut(batch: readonly Change[], message: string): void {
		const [only] = batch;
		if (only === undefined || batch.length > 1) {
			this.#outbox.divide();
			return;
		}
		if (only.act === "upsert") {
			const { kind, generation: fingerprint } = only.resource;
			const invalid = { kind, fingerprint, ready: false, reason: "Invalid", message };
			this.#refusals.add(only.uid, invalid, { isForGood: false });
		}
		this.#outbox.settle();
		this.#tell(new Set([only.uid]));
	}

	async #reread(signal: AbortSignal): Promise<void> {
		const changed = await this.#observations.reread(signal);
		const isFirst = !this.#synced;
		this.#synced = true;
		const needless = this.#outbox.prune((change) => {
			const standing = this.#observations.find(change.uid);
			return change.act === "upsert" ? standing?.fingerprint === change.resource.generation : standing === undefined;
		});
		const uids = changed.union(new Set(needless));
		// That it is known now what there is, is news even where there is nothing.
		if (isFirst && uids.size === 0) for (const listener of this.#listeners) listener(uids);
		else this.#tell(uids);
	}

	#part(uid: string, act: "delete" | "release"): boolean {
		this.#refusals.forget(uid);
		if (this.#synced && this.#observations.find(uid) === undefined && !this.#outbox.isInFlight(uid)) {
			this.#outbox.cancel(uid);
			return true;
		}
		this.#post({ act, uid, bytes: Buffer.byteLength(JSON.stringify(uid)) + 1 });
		return false;
	}

	#judge(uid: string, fingerprint: number): Standing | undefined {
		const standing = this.#observations.find(uid);
		return this.#synced && standing?.fingerprint === fingerprint && !this.#outbox.isInFlight(uid)
			? standing
			: undefined;
	}

	#post(change: Change): void {
		this.#outbox.put(change);
		this.#bell.ring();
	}

	#tell(uids: ReadonlySet<string>): void {
		if (uids.size === 0) return;
		for (const listener of this.#listeners) listener(uids);
	}
}
