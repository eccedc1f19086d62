import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { findVerifier } from "#/auth/robots.ts";
import { NAMESPACES, SECRETS } from "#/kube/resource-type.ts";
import { readCredential } from "#/operator/robot-account/credential-secret.ts";
import { judgeWorld } from "../../support/operator-judge.ts";
import { furnish, put, remove } from "../../support/operator-operations.ts";
import { eventually, inWorld, openWorld, type World } from "../../support/operator-world.ts";

/** Of what is random: waits, above all. */
const SEED = Number(process.env.SEED ?? 1);
const HOUR = 3_600_000;
/** Secrets that a robot needs in the life below. */
const NEEDED = 5;

/** More lives than any robot has steps in one stage. */
const MAX_LIVES = 40;

test(
	`killed after any one of its effects, a robot's life comes to the same (SEED=${SEED})`,
	inWorld(async (t: TestContext) => {
		await using world = await openWorld({ seed: SEED, speed: 20 });
		await furnish(world);
		await put(world, NAMESPACES, "team-a", {}, { labels: { tenant: "yes", "limani.dev/accept-from": "system" } });
		const crashed = new Set<string>();
		let lives = 0;
		for (let crashes = -1; crashes !== 0; lives++) {
			assert.ok(lives < MAX_LIVES, `after ${lives} lives there are still new effects`);
			const before = crashed.size;
			await live(world, `ci-${lives}`, crashed);
			crashes = crashed.size - before;
		}
		assert.ok(crashed.size > 25, `${crashed.size} effects`);
		assert.deepEqual(world.watcher.faults, []);
		t.diagnostic(`${lives} lives, killed after each of ${crashed.size} effects, ${world.minted.length} secrets minted`);
	}),
);

/** Takes a robot through all of its life. In each stage the operator dies after the first effect of those not in `crashed`. */
const live = async (world: World, name: string, crashed: Set<string>): Promise<void> => {
	const key = `system/${name}`;
	const secretKey = { namespace: "system", name };
	const minted = world.minted.length;
	const secretAt = async (ref = secretKey) => readCredential(await world.user.find(SECRETS, ref, soon()));
	const robotAt = () => world.planes.find("system/main")?.metadata.identities.findRobot(`robot$system+${name}`);
	const accepts = async (secret: string | undefined) => {
		const robot = await robotAt();
		const isThere = robot !== undefined && !robot.disabled && secret !== undefined;
		return isThere && findVerifier(robot, secret, world.timing.now()) !== undefined;
	};
	/** Does something, lets the operator die once meanwhile, and looks until all is as the specs say, and `done`. */
	const stage = async (what: string, act: () => Promise<unknown>, done: () => Promise<boolean>) => {
		const counts = new Map<string, number>();
		let isHurt = false;
		world.onEffect = (effect) => {
			if (effect.what.endsWith(" events")) return;
			const count = (counts.get(effect.what) ?? 0) + 1;
			counts.set(effect.what, count);
			const id = `${what}: ${effect.what} ${count}`;
			if (isHurt || crashed.has(id)) return;
			isHurt = true;
			crashed.add(id);
			world.kill();
		};
		await act();
		await eventually(async () => {
			if (world.isDown) await world.restart();
			return (await done()) ? await judgeWorld(world, { settled: false }) : [`${key}: ${what} is not done`];
		});
		world.onEffect = () => undefined;
		if (world.isDown) await world.restart();
	};
	const spec = (more: object = {}) => ({
		spec: {
			registryRef: { name: "main" },
			permissions: [{ project: "web", actions: ["pull"] }],
			rotation: { interval: "20h", gracePeriod: "1h" },
			secret: { copyTo: { namespaceSelector: {} } },
			...more,
		},
	});
	const later = () => world.leap(HOUR);
	await stage(
		"created",
		() => put(world, robotAccountKind, key, spec()),
		async () => accepts(await secretAt()),
	);
	const first = await secretAt();
	const annotations = { "limani.dev/requestedAt": "1", "limani.dev/forceAt": "1" };
	await stage(
		"rotated as asked for",
		() => put(world, robotAccountKind, key, spec(), { annotations }),
		async () => (await secretAt()) !== first,
	);
	const second = await secretAt();
	assert.ok((await accepts(first)) && (await accepts(second)), "both work through the grace");
	await stage("after the grace", later, async () => (await robotAt())?.verifiers.length === 1);
	assert.ok(!(await accepts(first)) && (await accepts(second)));
	await stage(
		"rotated when due",
		() => world.leap(20 * HOUR),
		async () => (await secretAt()) !== second,
	);
	const third = await secretAt();
	assert.ok((await accepts(second)) && (await accepts(third)), "both work through the grace");
	await stage(
		"the Secret is deleted",
		() => remove(world, SECRETS, key),
		async () => (await secretAt()) !== undefined,
	);
	const fourth = await secretAt();
	assert.notEqual(fourth, third);
	assert.ok((await accepts(third)) && (await accepts(fourth)), "both work through the grace");
	await stage(
		"the Secret is stripped",
		() => put(world, SECRETS, key, {}, { annotations: {} }),
		async () => (await world.user.find(SECRETS, secretKey, soon()))?.metadata.annotations !== undefined,
	);
	assert.equal(await secretAt(), fourth, "the credential is the same");
	const chosen = Buffer.from(JSON.stringify({ auths: { x: { password: "x".repeat(43) } } })).toString("base64");
	await stage(
		"the Secret is edited",
		() => put(world, SECRETS, key, { data: { ".dockerconfigjson": chosen } }),
		async () => ![undefined, fourth, "x".repeat(43)].includes(await secretAt()),
	);
	const fifth = await secretAt();
	assert.ok((await accepts(fourth)) && (await accepts(fifth)), "both work through the grace");
	assert.ok(!(await accepts("x".repeat(43))));
	await stage(
		"a permission is removed",
		() => put(world, robotAccountKind, key, spec({ permissions: [] })),
		async () => (await robotAt())?.permissions.length === 0,
	);
	const past = new Date(world.timing.now() - HOUR).toISOString().replace(/\.\d+Z$/, "Z");
	await stage(
		"expired",
		() => put(world, robotAccountKind, key, spec({ expirationTime: past })),
		async () => (await robotAt())?.verifiers.length === 0,
	);
	assert.ok(!(await accepts(fifth)));
	await stage(
		"given more time",
		() => put(world, robotAccountKind, key, spec()),
		() => accepts(fifth),
	);
	assert.equal(await secretAt(), fifth, "the credential is the same");
	assert.equal(await secretAt({ namespace: "team-a", name }), fifth, "so is its copy");
	await stage(
		"deleted",
		() => remove(world, robotAccountKind, key),
		async () => (await world.user.find(robotAccountKind, secretKey, soon())) === undefined,
	);
	assert.equal(await robotAt(), undefined);
	assert.equal(await secretAt(), undefined);
	assert.equal(await secretAt({ namespace: "team-a", name }), undefined);
	const used = world.minted.length - minted;
	assert.ok(used === NEEDED, `${used} secrets were minted, not ${NEEDED}`);
};

const soon = (): AbortSignal => AbortSignal.timeout(30_000);
