/**
 * A set of paths into an object. The steps are written as in `fieldsV1`: `f:` a field, `k:` an element of a list-map by
 * its keys, `v:` an element of a set by its value, `i:` an element by its place.
 */
export interface FieldTree {
	/** Whether the path that leads here is in the set itself. */
	readonly member: boolean;
	readonly children: ReadonlyMap<string, FieldTree>;
}

/** A tree under construction. */
export interface GrowingTree extends FieldTree {
	member: boolean;
	readonly children: Map<string, GrowingTree>;
}

/** A set to add to. */
export const growingTree = (): GrowingTree => ({ member: false, children: new Map() });

/** The set that holds nothing. */
export const noFields: FieldTree = growingTree();

/** Adds a path to a set. */
export const addPath = (tree: GrowingTree, path: readonly string[]): void => {
	let node = tree;
	for (const step of path) {
		const next = node.children.get(step) ?? growingTree();
		node.children.set(step, next);
		node = next;
	}
	node.member = true;
};

/** Whether nothing is in the set. */
export const isEmptyTree = (tree: FieldTree): boolean => !tree.member && tree.children.size === 0;

const combine = (a: FieldTree, b: FieldTree, has: (a: boolean, b: boolean) => boolean): FieldTree => {
	const children = new Map<string, FieldTree>();
	for (const step of new Set([...a.children.keys(), ...b.children.keys()])) {
		const child = combine(a.children.get(step) ?? noFields, b.children.get(step) ?? noFields, has);
		if (!isEmptyTree(child)) children.set(step, child);
	}
	return { member: has(a.member, b.member), children };
};

/** What is in either. */
export const union = (a: FieldTree, b: FieldTree): FieldTree => combine(a, b, (x, y) => x || y);

/** What is in the first and not in the second. */
export const difference = (a: FieldTree, b: FieldTree): FieldTree => combine(a, b, (x, y) => x && !y);

/** What is in both. */
export const intersection = (a: FieldTree, b: FieldTree): FieldTree => combine(a, b, (x, y) => x && y);

/** Whether two sets hold the same. */
export const sameFields = (a: FieldTree, b: FieldTree): boolean => isEmptyTree(combine(a, b, (x, y) => x !== y));

/** The paths in a set: of each level first the ones that end there, then the longer ones, by their steps. */
export function* pathsOf(tree: FieldTree, before: readonly string[] = []): Generator<readonly string[]> {
	const steps = [...tree.children].sort(([a], [b]) => (a < b ? -1 : 1));
	for (const [step, child] of steps) if (child.member) yield [...before, step];
	for (const [step, child] of steps) yield* pathsOf(child, [...before, step]);
}
