// Whether what concurrent clients saw of one tag could have come from a tag that does one thing at a time.
import { applyToTag, type TagAction, type TagResult, type TagValue } from "./linear-register.ts";

/** One request and its answer. Times are of one clock, in any unit. */
export interface TagOperation {
	readonly client: number;
	readonly action: TagAction;
	/** Undefined: it may have taken effect at any time after `start`, or never will. */
	readonly result: TagResult | undefined;
	readonly start: number;
	readonly end: number;
}

/** The verdict on a history. */
export type Verdict =
	/** `values`: where the tag may stand after it. */
	| { readonly linearizable: true; readonly values: ReadonlySet<TagValue> }
	/** `operation` is the first whose answer nothing explains; `before`: where the tag may have stood meanwhile. */
	| {
			readonly linearizable: false;
			readonly operation: TagOperation;
			readonly concurrent: readonly TagOperation[];
			readonly before: readonly TagValue[];
	  };

/** Where the tag may stand, and which of the operations under way have taken effect to bring it there. */
interface Configuration {
	readonly value: TagValue;
	readonly done: ReadonlySet<number>;
}

type Configurations = ReadonlyMap<string, Configuration>;

/**
 * Decides linearizability (Herlihy and Wing 1990) of a history of one tag that stands at `initial` before it.
 *
 * All configurations are carried through the history at once, and each operation is given its effect no earlier than
 * the end of some operation asks for it (Lowe 2017, just-in-time linearization). Only operations under way are part of
 * a configuration, so time is linear in the length of the history and exponential in the number of those under way at
 * once; operations without a result are under way until the end.
 */
export const checkHistory = (history: readonly TagOperation[], initial: TagValue): Verdict => {
	const open = new Map<number, TagOperation>();
	let now: Configurations = collect([{ value: initial, done: new Set() }]);
	for (const { id, operation, ends } of eventsOf(history)) {
		if (!ends) {
			open.set(id, operation);
			continue;
		}
		const reached = reach(now, open);
		open.delete(id);
		const next = [...reached.values()].flatMap(({ value, done }) => {
			if (!done.has(id)) return [];
			const others = new Set(done);
			others.delete(id);
			return [{ value, done: others }];
		});
		if (next.length === 0) {
			const before = [...new Set([...reached.values()].map(({ value }) => value))];
			return { linearizable: false, operation, concurrent: [...open.values()], before };
		}
		now = collect(next);
	}
	const values = new Set([...reach(now, open).values()].map(({ value }) => value));
	return { linearizable: true, values };
};

interface Event {
	readonly id: number;
	readonly operation: TagOperation;
	readonly ends: boolean;
	readonly at: number;
}

/** In order of time. What starts at the instant at which another ends is taken for concurrent with it. */
const eventsOf = (history: readonly TagOperation[]): readonly Event[] =>
	history
		.flatMap((operation, id): readonly Event[] => {
			const start = { id, operation, ends: false, at: operation.start };
			return operation.result === undefined ? [start] : [start, { id, operation, ends: true, at: operation.end }];
		})
		.sort((a, b) => a.at - b.at || Number(a.ends) - Number(b.ends));

const collect = (all: readonly Configuration[]): Configurations =>
	new Map(all.map((configuration) => [keyOf(configuration), configuration]));

const keyOf = ({ value, done }: Configuration): string => `${value} ${[...done].sort((a, b) => a - b).join(",")}`;

/** All that can be come to from `from` when any of the operations under way take effect, in any order. */
const reach = (from: Configurations, open: ReadonlyMap<number, TagOperation>): Configurations => {
	const reached = new Map(from);
	const pending = [...from.values()];
	for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
		for (const [id, { action, result }] of open) {
			if (current.done.has(id)) continue;
			const effect = applyToTag(current.value, action);
			if (result !== undefined && !isSame(result, effect.result)) continue;
			const next = { value: effect.next, done: new Set(current.done).add(id) };
			const key = keyOf(next);
			if (reached.has(key)) continue;
			reached.set(key, next);
			pending.push(next);
		}
	}
	return reached;
};

const isSame = (a: TagResult, b: TagResult): boolean => a.kind === b.kind && a.value === b.value;
