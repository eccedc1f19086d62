import { first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

/** Whether the lease of that fence is still the newest of its name, and not over. It stays so until this step's end. */
export function* isHeld(fence: number, context: StepContext): Step<boolean> {
	const lease = yield* first(
		`SELECT name FROM leases WHERE fence = ? AND lease_until > ?${context.dialect.forShare}`,
		fence,
		context.now,
	);
	return lease !== undefined;
}

/** As {@link isHeld}, where work may be done without a lease: nobody else is at it. */
export function* mayGoOn(fence: number | undefined, context: StepContext): Step<boolean> {
	return fence === undefined || (yield* isHeld(fence, context));
}
