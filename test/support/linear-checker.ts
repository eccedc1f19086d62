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
	/** Without a result: from when on it cannot take effect any more. Absent: it may for ever. */
	readonly over?: number;
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
	/** Of those whose answer is known: all of them have to. */
	readonly done: ReadonlySet<number>;
	/** Of those without one: the fewer, the more may still come. */
	readonly spent: ReadonlySet<number>;
}

/**
 * Decides linearizability (Herlihy and Wing 1990) of a history of one tag that stands at `initial` before it.
 *
 * All configurations are carried through the history at once, and each operation is given its effect no earlier than
 * the end of some operation asks for it (Lowe 2017, just-in-time linearization). Only operations under way are part of
 * a configuration, so time is linear in the length of the history and exponential in the number of those under way at
 * once; operations without a result are under way until they are over, where that is known, else until the end. Those
 * cost little all the same: one is spent only where something needs it ({@link Configurations}), and of those that ask
 * the same only the first that will be over.
 */
export const checkHistory = (history: readonly TagOperation[], initial: TagValue): Verdict => {
	const open = new Map<number, TagOperation>();
	let now = new Configurations([{ value: initial, done: new Set(), spent: new Set() }]);
	for (const { id, operation, ends } of eventsOf(history)) {
		if (!ends) {
			open.set(id, operation);
			continue;
		}
		const reached = reach(now, open);
		open.delete(id);
		const isKnown = operation.result !== undefined;
		const next = reached.all().flatMap(({ value, done, spent }): Configuration[] => {
			if (!isKnown) return [{ value, done, spent: without(spent, id) }];
			return done.has(id) ? [{ value, done: without(done, id), spent }] : [];
		});
		if (next.length === 0) {
			const before = [...new Set(reached.all().map(({ value }) => value))];
			return { linearizable: false, operation, concurrent: [...open.values()], before };
		}
		now = new Configurations(next);
	}
	const values = new Set(
		reach(now, open)
			.all()
			.map(({ value }) => value),
	);
	return { linearizable: true, values };
};

const without = (ids: ReadonlySet<number>, id: number): ReadonlySet<number> => {
	const others = new Set(ids);
	others.delete(id);
	return others;
};

/** Configurations none of which can do all that another one can: one that has spent more to come as far is left out. */
class Configurations {
	readonly #bySame = new Map<string, Configuration[]>();

	constructor(all: Iterable<Configuration>) {
		for (const each of all) this.add(each);
	}

	/** @returns whether it can come to anything that the others cannot */
	add(one: Configuration): boolean {
		const key = `${one.value} ${[...one.done].sort((a, b) => a - b).join(",")}`;
		const same = this.#bySame.get(key) ?? [];
		if (same.some(({ spent }) => spent.isSubsetOf(one.spent))) return false;
		this.#bySame.set(key, [...same.filter(({ spent }) => !one.spent.isSubsetOf(spent)), one]);
		return true;
	}

	all(): readonly Configuration[] {
		return [...this.#bySame.values()].flat();
	}
}

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
			const { result, over } = operation;
			const start = { id, operation, ends: false, at: operation.start };
			const at = result === undefined ? over : operation.end;
			return at === undefined ? [start] : [start, { id, operation, ends: true, at }];
		})
		.sort((a, b) => a.at - b.at || Number(a.ends) - Number(b.ends));

/** All that can be come to from `from` when any of the operations under way take effect, in any order. */
const reach = (from: Configurations, open: ReadonlyMap<number, TagOperation>): Configurations => {
	const known = [...open].filter(([, { result }]) => result !== undefined);
	const unknown = [...open]
		.filter(([, { result }]) => result === undefined)
		.sort(([, a], [, b]) => overOf(a) - overOf(b));
	const alike = [...Map.groupBy(unknown, ([, { action }]) => JSON.stringify(action)).values()];
	const reached = new Configurations([]);
	// In the order of what was spent: what is found first leaves most to come.
	let pending: readonly Configuration[] = from.all().toSorted((a, b) => a.spent.size - b.spent.size);
	while (pending.length > 0) {
		const fresh = pending.filter((each) => reached.add(each));
		pending = fresh.flatMap((each) => [...afterKnown(each, known), ...afterUnknown(each, alike)]);
	}
	return reached;
};

const overOf = ({ over = Number.POSITIVE_INFINITY }: TagOperation): number => over;

type Open = readonly (readonly [id: number, operation: TagOperation])[];

const afterKnown = ({ value, done, spent }: Configuration, known: Open): readonly Configuration[] =>
	known.flatMap(([id, { action, result }]) => {
		if (done.has(id)) return [];
		const effect = applyToTag(value, action);
		return isSame(result, effect.result) ? [{ value: effect.next, done: new Set(done).add(id), spent }] : [];
	});

const afterUnknown = ({ value, done, spent }: Configuration, alike: readonly Open[]): readonly Configuration[] =>
	alike.flatMap((group) => {
		const [id, operation] = group.find(([each]) => !spent.has(each)) ?? [];
		if (id === undefined || operation === undefined) return [];
		const { next } = applyToTag(value, operation.action);
		return next === value ? [] : [{ value: next, done, spent: new Set(spent).add(id) }];
	});

const isSame = (a: TagResult | undefined, b: TagResult): boolean => a?.kind === b.kind && a.value === b.value;
