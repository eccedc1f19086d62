// Whoever works at something behind the requests is cut off the database, and nobody tells it.
import assert from "node:assert/strict";
import { eventually } from "../eventually.ts";
import type { LeaseAudit } from "./lease-audit.ts";
import type { Replica } from "./replica.ts";
import type { HaWorld } from "./world.ts";

/** One that is cut off. Disposing of it heals that, and waits until the replica is ready again. */
export interface CutHolder extends AsyncDisposable {
	readonly replica: Replica;
	/** Resolves once the lease has run out, or another one has it. */
	lapsed(): Promise<void>;
	/** Resolves once another one has the lease. @param meanwhile is repeated: what the lease is needed for */
	takenOver(meanwhile?: () => Promise<void>): Promise<void>;
}

/** Cuts off the replica that has a lease at this moment, as the lease table says. */
export const cutHolder = async (
	{ replicas }: Pick<HaWorld, "replicas">,
	audit: LeaseAudit,
	lease: string,
): Promise<CutHolder> => {
	const replica = await eventually(async () => {
		const pid = await audit.holderOf(lease);
		return replicas.find((each) => pid !== undefined && each.pid === pid) ?? assert.fail(`nobody has ${lease}`);
	});
	await replica.network.cutDatabase();
	const isOther = (pid: number | undefined): boolean => pid !== replica.pid;
	return {
		replica,
		lapsed: () =>
			eventually(async () => assert.ok(isOther(await audit.holderOf(lease)), `${replica.name} still has ${lease}`)),
		takenOver: (meanwhile) =>
			eventually(async () => {
				await meanwhile?.();
				const pid = await audit.holderOf(lease);
				assert.ok(pid !== undefined && isOther(pid), `nobody took ${lease} over from ${replica.name}`);
			}),
		[Symbol.asyncDispose]: async () => {
			await replica.network.heal();
			await eventually(async () =>
				assert.ok((await fetch(`${replica.url}/readyz`)).ok, `${replica.name} is not ready`),
			);
		},
	};
};
