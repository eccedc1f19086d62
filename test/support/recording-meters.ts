import type { ControllerMeters } from "#/kube/controller/controller-meters.ts";
import type { QueueMeter, QueueState } from "#/kube/queue/queue-meter.ts";

/** What a queue did, in words, and what it is like. */
export interface RecordingQueueMeter extends QueueMeter {
	readonly told: string[];
	state(): QueueState;
}

/** A meter that keeps what it is told. */
export const recordingQueueMeter = (): RecordingQueueMeter => {
	const told: string[] = [];
	let state: (() => QueueState) | undefined;
	return {
		told,
		state: () => {
			if (state === undefined) throw new Error("the queue never said where its state is read");
			return state();
		},
		added: () => told.push("added"),
		retried: () => told.push("retried"),
		taken: (waitedMs) => told.push(`taken ${waitedMs}`),
		worked: (ms) => told.push(`worked ${ms}`),
		read: (from) => {
			state = from;
		},
	};
};

/** What controllers did, in words. */
export interface RecordingControllerMeters extends ControllerMeters {
	readonly told: string[];
	readonly queue: RecordingQueueMeter;
	/** How many reconciles run now, and how many ran at most at a time. */
	readonly active: { now: number; most: number };
}

/** Meters that keep what they are told. */
export const recordingControllerMeters = (): RecordingControllerMeters => {
	const told: string[] = [];
	const active = { now: 0, most: 0 };
	const queue = recordingQueueMeter();
	return {
		told,
		active,
		queue,
		controller: (name, workers) => {
			told.push(`${name} with ${workers}`);
			return {
				queue,
				began: () => {
					active.now++;
					active.most = Math.max(active.most, active.now);
				},
				ended: (verdict, ms, fault) => {
					active.now--;
					told.push([verdict, ms, ...(fault === undefined ? [] : [fault])].join(" "));
				},
			};
		},
	};
};
