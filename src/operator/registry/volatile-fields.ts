import type { Registry, RegistryStatus } from "#/api/kinds/registry.ts";
import { roundUsage } from "#/kube/status/round-usage.ts";
import type { VolatileStatus } from "#/kube/status/volatile-status.ts";
import type { RegistryState } from "./actuator.ts";
import { readCollection } from "./collection.ts";
import { unlessAway } from "./unless-away.ts";
import { readUsage } from "./usage.ts";

/** What changes all the time. */
type Volatile = Pick<RegistryStatus, "usage" | "collection">;

/** A Registry, and how it runs. */
export interface SeenRegistry {
	readonly registry: Registry;
	readonly state: RegistryState | undefined;
	/** Whether somebody wants to know now. */
	readonly isAsked: boolean;
}

/** How often a Registry with nothing to do is looked at, milliseconds. */
export const INTERVAL_MS = 600_000;

/** What a Registry's status says of what changes all the time, and how soon to look again, milliseconds. */
export const takeVolatile = async (
	volatileStatus: VolatileStatus,
	{ registry: { metadata, status }, state, isAsked }: SeenRegistry,
	signal: AbortSignal,
): Promise<{ readonly fields: Volatile; readonly againMs: number }> => {
	const standing = volatileOf(status.usage, status.collection);
	if (state?.control === undefined) return { fields: standing, againMs: INTERVAL_MS };
	const usage = await unlessAway(readUsage(state.control, signal).then(rounded), status.usage);
	const collection = await unlessAway(readCollection(state.control, signal), status.collection);
	const wasWritten = status.usage !== undefined && !isAsked;
	const { value, againMs = INTERVAL_MS } = volatileStatus.choose(
		metadata.uid,
		wasWritten ? standing : undefined,
		volatileOf(usage, collection),
	);
	return { fields: value, againMs };
};

const volatileOf = (usage: Volatile["usage"], collection: Volatile["collection"]): Volatile => ({
	...(usage === undefined ? {} : { usage }),
	...(collection === undefined ? {} : { collection }),
});

const rounded = (usage: NonNullable<Volatile["usage"]>): NonNullable<Volatile["usage"]> => ({
	...usage,
	logicalBytes: roundUsage(usage.logicalBytes),
});
