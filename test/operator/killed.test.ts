import assert from "node:assert/strict";
import { test } from "node:test";
import { Crash, openOperator } from "./operator-bench.ts";
import { type Bench, make, TENDED, type Tended } from "./tended.ts";

/** What a data plane has of one, by what tells of its kind; absent when it has nothing. */
const heldOf = async (bench: Bench, { kind }: Tended, key: string): Promise<unknown> => {
	switch (kind) {
		case "Project":
			return (await bench.plane.metadata.projects.find("fine"))?.visibility;
		case "RobotAccount":
			return (await bench.robotAt(key))?.permissions.map(({ actions }) => actions);
		case "RetentionPolicy":
			return Object((await bench.policyAt(kind, key))?.spec).rules;
		case "ReplicationPolicy":
			return Object((await bench.policyAt(kind, key))?.spec).mode;
	}
};

/** What came of a life, stage by stage. */
interface Course {
	readonly effects: number;
	readonly held: readonly unknown[];
	readonly minted: number;
}

/** Takes one through its life, and kills the operator once: after so many effects. */
const live = async (tended: Tended, crashAt: number): Promise<Course> => {
	await using bench = await openOperator();
	const { kind } = tended;
	let effects = 0;
	let crashed = false;
	const count = () => {
		if (effects++ !== crashAt) return;
		crashed = true;
		throw new Crash("killed");
	};
	const stage = async (done: () => boolean) => {
		bench.kube.afterWrite = count;
		bench.hooks.afterApply = count;
		await bench.until(
			async () => {
				if (crashed) {
					crashed = false;
					await bench.restart();
				}
				return done();
			},
			(error) => error instanceof Crash,
		);
		bench.kube.afterWrite = () => undefined;
	};
	bench.serve();
	const held: unknown[] = [];
	const key = make(bench, tended);
	await stage(() => bench.settled());
	held.push(await heldOf(bench, tended, key));
	bench.put(kind, key, { ...tended.spec, ...tended.edit });
	await stage(() => bench.settled());
	held.push(await heldOf(bench, tended, key));
	await bench.remove(kind, key);
	await stage(() => bench.get(kind, key) === undefined);
	held.push(await heldOf(bench, tended, key));
	return { effects, held, minted: bench.minted.length };
};

for (const tended of TENDED) {
	test(`killed after any one of its effects, the life of a ${tended.kind} comes to the same`, async () => {
		const { effects, ...undisturbed } = await live(tended, -1);
		assert.ok(effects >= 5, `${effects} effects`);
		assert.notDeepEqual(undisturbed.held[0], undisturbed.held[1]);
		for (let crashAt = 0; crashAt < effects; crashAt++) {
			const { held, minted } = await live(tended, crashAt);
			assert.deepEqual(held, undisturbed.held, `killed after effect ${crashAt}`);
			// One that nobody heard of may have been thrown away.
			assert.ok(minted <= undisturbed.minted + 1, `${minted} secrets were made`);
		}
	});
}
