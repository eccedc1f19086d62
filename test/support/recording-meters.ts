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
