import assert from "node:assert/strict";
import { test } from "node:test";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { readCredential } from "#/operator/robot-account/credential-secret.ts";
import { judgeWorld } from "../../support/operator-judge.ts";
import { furnish, put } from "../../support/operator-operations.ts";
import { eventually, inWorld, openWorld, type World } from "../../support/operator-world.ts";

const HOUR = 3_600_000;
const LONG = 120_000;
const REF = { namespace: "system", name: "clocked" };
const soon = (): AbortSignal => AbortSignal.timeout(30_000);

/** What a robot has been given, and since when it is ready. */
const stateOf = async ({ user }: World) => {
	const robot = await user.find(robotAccountKind, REF, soon());
	const ready = findCondition(robot === undefined ? [] : conditionsOf(robot), "Ready");
	return {
		secret: readCredential(await user.find(SECRETS, REF, soon())),
		since: ready?.status === "True" ? ready.lastTransitionTime : undefined,
	};
};

test(
	"an operator whose clock is an hour wrong rotates when it is due, once, and none that follows it does so again",
	inWorld(async () => {
		await using world = await openWorld({ speed: 20 });
		await furnish(world);
		const spec = {
			registryRef: { name: "main" },
			permissions: [{ project: "web", actions: ["pull"] }],
			rotation: { interval: "20h", gracePeriod: "1h" },
		};
		await put(world, robotAccountKind, `${REF.namespace}/${REF.name}`, { spec });
		const settled = () =>
			eventually(async () => {
				const { since } = await stateOf(world);
				return since === undefined ? ["the robot is not ready"] : await judgeWorld(world, { settled: false });
			}, LONG);
		/** Another operator, whose clock is so; how many secrets were made until it had nothing left to do. */
		const follow = async (clockAheadMs: number): Promise<number> => {
			const before = world.minted.length;
			world.kill();
			world.clockAheadMs = clockAheadMs;
			await world.restart();
			await eventually(async () => world.unseen(), LONG);
			await settled();
			return world.minted.length - before;
		};
		await settled();
		const first = await stateOf(world);
		for (const ahead of [HOUR, -HOUR, HOUR, 0]) {
			assert.equal(await follow(ahead), 0, `an hour of ${ahead} ms`);
			assert.deepEqual(await stateOf(world), first);
		}
		for (const ahead of [HOUR, -HOUR]) {
			await follow(ahead);
			const before = await stateOf(world);
			const minted = world.minted.length;
			// Whoever rotated last may have been two hours ahead of who does so next.
			await world.leap(22.5 * HOUR);
			await eventually(async () => {
				const { secret } = await stateOf(world);
				return secret === before.secret ? ["it was not rotated"] : [];
			}, LONG);
			await settled();
			const rotated = await stateOf(world);
			for (const other of [-ahead, ahead, 0]) {
				await follow(other);
				assert.equal((await stateOf(world)).secret, rotated.secret);
			}
			assert.equal(world.minted.length, minted + 1);
		}
		assert.deepEqual(world.watcher.faults, []);
	}),
);
