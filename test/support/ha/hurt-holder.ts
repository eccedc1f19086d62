// Whoever works at something behind the requests is killed, stands still, or is cut off the database without a word.
import assert from "node:assert/strict";
import { eventually } from "../eventually.ts";
import type { LeaseAudit } from "./lease-audit.ts";
import type { HaOperator } from "./operator.ts";
import type { Replica } from "./replica.ts";
import type { HaWorld } from "./world.ts";

/** What happens to a replica, and how that is over. */
export interface Harm {
	hurt(replica: Replica): Promise<void>;
	heal(replica: Replica): Promise<void>;
}

/** It is cut off the database, without a word. */
export const cutOff: Harm = {
	hurt: ({ network }) => network.cutDatabase(),
	heal: ({ network }) => network.heal(),
};

/** It dies. */
export const die: Harm = {
	hurt: (replica) => replica.kill(),
	heal: async (replica) => {
		if (!replica.isRunning) await replica.start();
	},
};

/** It stands still. */
export const standStill: Harm = {
	hurt: async (replica) => replica.suspend(),
	heal: async (replica) => replica.resume(),
};

/** One that was hurt. The operator does not ask it. Disposing of it heals it, and waits until the replica is ready again. */
export interface HurtHolder extends AsyncDisposable {
	readonly replica: Replica;
	/** Resolves once the lease has run out, or another one has it. */
	lapsed(): Promise<void>;
	/** Resolves once another one has the lease, or had it. @param meanwhile is repeated: what the lease is needed for */
	takenOver(meanwhile?: () => Promise<void>): Promise<void>;
	heal(): Promise<void>;
}

/** Who has a lease, and how that is known. */
interface Holding {
	readonly world: Pick<HaWorld, "replicas">;
	readonly operator: Pick<HaOperator, "left">;
	readonly audit: LeaseAudit;
}

/** Hurts the replica that has a lease at this moment, as the lease table says. */
export const hurtHolder = async (
	{ world: { replicas }, operator, audit }: Holding,
	lease: string,
	harm: Harm,
): Promise<HurtHolder> => {
	const replica = await eventually(async () => {
		const pid = await audit.holderOf(lease);
		return replicas.find((each) => pid !== undefined && each.pid === pid) ?? assert.fail(`nobody has ${lease}`);
	});
	const { pid } = replica;
	const index = replicas.indexOf(replica);
	operator.left.add(index);
	await harm.hurt(replica);
	const isOther = (holder: number | undefined): boolean => holder !== pid;
	return {
		replica,
		lapsed: () =>
			eventually(async () => assert.ok(isOther(await audit.holderOf(lease)), `${replica.name} still has ${lease}`)),
		takenOver: (meanwhile) =>
			eventually(async () => {
				await meanwhile?.();
				assert.ok(isOther(await audit.lastHolderOf(lease)), `nobody took ${lease} over from ${replica.name}`);
			}),
		heal: () => harm.heal(replica),
		[Symbol.asyncDispose]: async () => {
			await harm.heal(replica);
			operator.left.delete(index);
			await eventually(async () =>
				assert.ok((await fetch(`${replica.url}/readyz`)).ok, `${replica.name} is not ready`),
			);
		},
	};
};
