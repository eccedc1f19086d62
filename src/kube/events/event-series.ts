import { LRUCache } from "@thi.ng/cache";
import type { EventNote } from "./event-note.ts";

/** One event as the API server is to have it, and how often it happened. */
export interface EventSeries {
	readonly note: EventNote;
	/** Of the event at the API server; absent until it is there. */
	name: string | undefined;
	count: number;
	/** Wall clock, milliseconds. */
	readonly firstAt: number;
	lastAt: number;
}

/** What is alike but for its text. */
interface Group {
	readonly series: Map<string, EventSeries>;
	lastAt: number;
}

const MOST_ALIKE = 10;
const WINDOW_MS = 600_000;
const MOST_GROUPS = 2048;

/** Stands for the texts that came after the tenth. */
const COMBINED = "";

/**
 * Finds what happens again: the same text within ten minutes is the same event, and of texts that differ for the same
 * object and reason ten have events of their own, the others share one. What is not seen for long is forgotten.
 */
export class EventMemory {
	readonly #groups = new LRUCache<string, Group>(null, { maxlen: MOST_GROUPS });

	/** The event that this belongs to, counted; a new one has the count 1. @param now wall clock, milliseconds */
	count(note: EventNote, now: number): EventSeries {
		const group = this.#groupOf(note, now);
		group.lastAt = now;
		const isOneTooMany = group.series.size >= MOST_ALIKE && !group.series.has(note.note);
		const text = isOneTooMany ? COMBINED : note.note;
		const known = group.series.get(text);
		if (known !== undefined) {
			known.count++;
			known.lastAt = now;
			return known;
		}
		const own = isOneTooMany ? { ...note, note: `(combined from similar events): ${note.note}` } : note;
		const series: EventSeries = { note: own, name: undefined, count: 1, firstAt: now, lastAt: now };
		group.series.set(text, series);
		return series;
	}

	#groupOf(note: EventNote, now: number): Group {
		const key = JSON.stringify([objectKeyOf(note), note.type, note.reason, note.action]);
		const known = this.#groups.get(key);
		if (known !== undefined && now - known.lastAt < WINDOW_MS) return known;
		const group: Group = { series: new Map(), lastAt: now };
		this.#groups.set(key, group);
		return group;
	}
}

/** Tells the object from others, also from one that had its name before. */
export const objectKeyOf = ({ regarding: { kind, metadata } }: EventNote): string =>
	metadata.uid ?? `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;
