import type { Metadata } from "#/metadata/metadata.ts";
import { brokenRules } from "../../metadata/registry-state.ts";
import type { InspectedMetadata } from "../../support/sqlite-metadata.ts";

/** Metadata whose clock the history sets. */
export interface CollectingGround {
	/** The metadata as each process has it; whatever happens is done by one after the other. */
	readonly processes: readonly [Metadata, ...Metadata[]];
	/** Whether what happens next comes while a collector is at work. */
	readonly overlaps: boolean;
	setNow(now: number): Promise<void>;
	/** The process of this place dies in the middle of a command, and another takes its place. */
	restart(place: number): Promise<void>;
	/** All connections break. */
	sever(): Promise<void>;
	rows(sql: string): Promise<readonly object[]>;
	brokenRules(): Promise<object>;
}

/** One process on metadata that is open to inspection. */
export const inspectedGround = (on: InspectedMetadata): CollectingGround => ({
	get processes(): CollectingGround["processes"] {
		return [on.metadata];
	},
	restart: () => on.restart(),
	sever: async () => undefined,
	overlaps: false,
	setNow: async (now) => {
		on.clock.now = now;
	},
	rows: async (sql) => on.rows(sql),
	brokenRules: async () => brokenRules(on),
});
