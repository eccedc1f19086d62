import { BackOff } from "#/kube/back-off.ts";
import { cutMessage } from "#/kube/cut-message.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { apiVersionOf, EVENTS } from "#/kube/resource-type.ts";
import type { Timing } from "#/lib/timing.ts";
import { untilAborted } from "#/lib/until-aborted.ts";
import { EventLimiter } from "./event-limiter.ts";
import type { EventNote } from "./event-note.ts";
import { EventMemory, type EventSeries, objectKeyOf } from "./event-series.ts";

/** What an {@link EventRecorder} works with. */
export interface EventRecorderDeps {
	readonly client: Pick<KubeClient, "create" | "patch">;
	readonly timing: Timing;
	/** Wall clock, milliseconds since the epoch. */
	readonly now: () => number;
	/** Letters and digits. */
	readonly newId: () => string;
	/** Who reports, e.g. `limani.dev/project`; also the field manager. */
	readonly controller: string;
	/** Which process of it, 128 characters at most. */
	readonly instance: string;
	/** Told of events that were lost. Must not throw. */
	readonly report: (error: unknown) => void;
}

const MOST_WAITING = 1000;
const MOST_TRIES = 5;

/**
 * Writes events (events.k8s.io/v1) in the background, one request at a time. What happens again becomes a series of the
 * event that is there; one object has 25 at once and then one in five minutes. Recording never waits and never fails:
 * events that cannot be written in time are lost.
 */
export class EventRecorder implements AsyncDisposable {
	readonly #deps: EventRecorderDeps;
	readonly #memory = new EventMemory();
	readonly #limiter = new EventLimiter();
	readonly #waiting = new Set<EventSeries>();
	readonly #closed = new AbortController();
	#writing: Promise<void> | undefined;

	constructor(deps: EventRecorderDeps) {
		this.#deps = deps;
	}

	/** Takes note of something that happened. */
	record(note: EventNote): void {
		if (this.#closed.signal.aborted) return;
		const series = this.#memory.count({ ...note, regarding: referenceTo(note.regarding) }, this.#deps.now());
		// Counted in the one that waits to be written.
		if (this.#waiting.has(series)) return;
		if (!this.#limiter.admits(objectKeyOf(note), this.#deps.timing.monotonic())) return;
		if (this.#waiting.size >= MOST_WAITING) {
			this.#deps.report(new KubeError("UNAVAILABLE", `an event is lost: ${MOST_WAITING} others wait`));
			return;
		}
		this.#waiting.add(series);
		this.#writing ??= this.#writeAll();
	}

	/** Until all that was recorded has been written or lost. Rejects with the signal's reason. */
	async drain(signal: AbortSignal): Promise<void> {
		await untilAborted(signal, () => this.#writing ?? Promise.resolve());
	}

	/** Gives up what is not written yet. */
	async [Symbol.asyncDispose](): Promise<void> {
		this.#closed.abort();
		this.#waiting.clear();
		await this.#writing;
	}

	async #writeAll(): Promise<void> {
		for (const series of this.#waiting) {
			this.#waiting.delete(series);
			try {
				await this.#write(series);
			} catch (error) {
				if (!this.#closed.signal.aborted) this.#deps.report(error);
			}
		}
		this.#writing = undefined;
	}

	async #write(series: EventSeries): Promise<void> {
		const backOff = new BackOff(this.#deps.timing);
		for (let tries = 1; ; tries++) {
			try {
				await this.#send(series);
				return;
			} catch (error) {
				const isPassing = error instanceof KubeError && error.code === "UNAVAILABLE";
				if (!isPassing || tries >= MOST_TRIES) throw error;
				await this.#deps.timing.sleep(Math.max(backOff.next(), error.retryAfterMs ?? 0), this.#closed.signal);
			}
		}
	}

	async #send(series: EventSeries): Promise<void> {
		const { client, controller } = this.#deps;
		const opts = { fieldManager: controller };
		if (series.name !== undefined) {
			const ref = { namespace: namespaceOf(series), name: series.name };
			const patch = { kind: "merge", body: { series: timesOf(series) } } as const;
			try {
				await client.patch(EVENTS, ref, patch, opts, this.#closed.signal);
				return;
			} catch (error) {
				// Events live for an hour or so.
				if (!(error instanceof KubeError && error.code === "NOT_FOUND")) throw error;
			}
		}
		const event = this.#eventOf(series);
		await client.create(EVENTS, event, opts, this.#closed.signal);
		series.name = event.metadata.name;
	}

	#eventOf(series: EventSeries): KubeObject {
		const { regarding, type, reason, action, note } = series.note;
		const { name, namespace, uid, resourceVersion } = regarding.metadata;
		return {
			apiVersion: apiVersionOf(EVENTS),
			kind: EVENTS.kind,
			metadata: {
				name: `${name.slice(0, 200)}.${this.#deps.newId().toLowerCase()}`,
				namespace: namespaceOf(series),
			},
			eventTime: microTime(series.firstAt),
			reportingController: this.#deps.controller,
			reportingInstance: this.#deps.instance,
			regarding: { apiVersion: regarding.apiVersion, kind: regarding.kind, namespace, name, uid, resourceVersion },
			type,
			reason,
			action,
			note: cutMessage(note),
			...(series.count > 1 ? { series: timesOf(series) } : {}),
		};
	}
}

/** What an event says of its object, which may be large and is remembered longer than it lives. */
const referenceTo = ({ apiVersion, kind, metadata }: KubeObject): KubeObject => {
	const { name, namespace, uid, resourceVersion } = metadata;
	return {
		apiVersion,
		kind,
		metadata: {
			name,
			...(namespace === undefined ? {} : { namespace }),
			...(uid === undefined ? {} : { uid }),
			...(resourceVersion === undefined ? {} : { resourceVersion }),
		},
	};
};

/** Events of objects that are in no namespace live in `default`. */
const namespaceOf = ({ note }: EventSeries): string => note.regarding.metadata.namespace ?? "default";

const timesOf = ({ count, lastAt }: EventSeries): object => ({ count, lastObservedTime: microTime(lastAt) });

/** RFC 3339 with six digits, as the API wants it. */
const microTime = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");
