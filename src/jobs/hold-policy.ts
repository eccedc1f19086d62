import type { Policies } from "#/metadata/policies.ts";
import type { CarryOutDeps, HeldPolicy } from "./carry-out.ts";
import { holdLease, type LeaseDeps } from "./hold-lease.ts";
import type { PolicyFeature, PolicySpec } from "./policy-feature.ts";
import { parsePolicy } from "./policy-list.ts";
import { interrupt, note, readBook, runningIn } from "./run-book.ts";

/** What {@link holdPolicy} works with. */
export interface HoldPolicyDeps extends LeaseDeps, Pick<CarryOutDeps, "report"> {
	readonly policies: Pick<Policies, "find">;
	readonly clock: CarryOutDeps["clock"];
	/** Policies that this process is about to take, or has taken: a lease does not keep it from itself. */
	readonly claimed: Set<string>;
}

/**
 * A policy as it is now, which nobody else carries out, and its book: what is new of it is noted, and a run whose process
 * died has ended. Absent when somebody else has it, or it is gone or cannot be read.
 *
 * @throws MetadataError
 */
export const holdPolicy = async <Spec extends PolicySpec>(
	feature: PolicyFeature<Spec>,
	deps: HoldPolicyDeps,
	uid: string,
	leaseMs: number,
): Promise<HeldPolicy<Spec> | undefined> => {
	const { policies, clock, claimed } = deps;
	if (claimed.has(uid)) return undefined;
	claimed.add(uid);
	await using opening = new AsyncDisposableStack();
	opening.defer(() => void claimed.delete(uid));
	const lease = await holdLease(deps, `policy:${uid}`, leaseMs);
	if (lease === undefined) return undefined;
	opening.use(lease);
	const found = await policies.find(uid);
	const spec = found?.kind === feature.kind ? parsePolicy(feature, deps, found) : undefined;
	if (found === undefined || spec === undefined) return undefined;
	const policy = { uid, generation: found.generation, spec };
	const book = readBook(found.state);
	const now = clock.now();
	const died = { message: "the process that ran it died", died: true };
	const settled = runningIn(book) === undefined ? book : interrupt(book, died, now);
	const resources = opening.move();
	const held = { ...lease, [Symbol.asyncDispose]: () => resources.disposeAsync() };
	return { policy, lease: held, book: note(settled, policy, now) };
};
