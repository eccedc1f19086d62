import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { apiVersionOf, NAMESPACES } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { put } from "../../support/operator-operations.ts";
import { eventually, openWorld, type World } from "../../support/operator-world.ts";

/** How many RobotAccounts; the goal is 10,000. */
const SCALE = Number(process.env.SCALE ?? 1_000);
/** The most that one robot may cost the API server from nothing to Ready, requests. */
const MOST_REQUESTS = 8;
/** How many others may become Ready from an edit until it is in force, of the thousand that wait. */
const MOST_BEFORE = 100;

const MINUTES = 15;

test(`${SCALE} robots become Ready, and none costs more than one of fewer`, {
	timeout: MINUTES * 60_000,
}, async (t) => {
	const few = await measure(t, Math.ceil(SCALE / 5));
	const many = await measure(t, SCALE);
	assert.ok(many.requests <= MOST_REQUESTS, `${many.requests} requests for each robot`);
	assert.ok(many.requests <= few.requests * 1.2 + 1, "the requests for each do not grow with their number");
});

const measure = async (t: TestContext, count: number): Promise<{ readonly requests: number }> => {
	await using world = await openWorld({ speed: 1, watched: false, asleep: true });
	await put(world, NAMESPACES, "apps", {});
	await put(world, registryKind, "apps/main", { spec: {} });
	await put(world, projectKind, "apps/web", { spec: { registryRef: { name: "main" } } });
	await createRobots(world, count);
	const began = performance.now();
	const usedBefore = process.cpuUsage();
	await world.restart();
	using robots = new ReadyRobots(world);
	const edited = await editDuring(world, robots, count);
	await robots.reach(count);
	const seconds = (performance.now() - began) / 1_000;
	const used = process.cpuUsage(usedBefore);
	const cpu = (used.user + used.system) / 1_000 / count;
	const requests = world.requests.count / count;
	const control = world.effects.filter(({ what }) => what === "control apply").length;
	const rss = process.memoryUsage.rss() / 2 ** 20;
	t.diagnostic(
		`${count} robots: all Ready after ${seconds.toFixed(1)} s, ${((seconds * 1_000) / count).toFixed(2)} ms, ` +
			`${cpu.toFixed(2)} ms of CPU, ${requests.toFixed(2)} requests and ${(control / count).toFixed(3)} calls of Control for each; ` +
			`the API, the operator and the data plane have ${rss.toFixed(0)} MiB; an edit on the way was in force after ` +
			`${edited.inForce.toFixed(0)} ms and ${edited.others} others, and called Ready after ${edited.ready.toFixed(0)} ms`,
	);
	assert.ok(edited.others <= MOST_BEFORE, `an edit during the start was in force after ${edited.others} others`);
	await changeOne(world, t);
	await countAll(world);
	await startAgain(world, t, count);
	return { requests };
};

const createRobots = async ({ user }: World, count: number): Promise<void> => {
	const names = Array.from({ length: count }, (_, i) => `robot-${i}`);
	const worker = async () => {
		for (let name = names.pop(); name !== undefined; name = names.pop()) {
			const metadata = { namespace: "apps", name };
			const object = {
				apiVersion: apiVersionOf(robotAccountKind),
				kind: "RobotAccount",
				metadata,
				spec: specOf("pull"),
			};
			await user.create(robotAccountKind, object, {}, soon());
		}
	};
	await Promise.all(Array.from({ length: 32 }, worker));
};

const specOf = (...actions: readonly string[]) => ({
	registryRef: { name: "main" },
	permissions: [{ project: "web", actions }],
});

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

const isReady = (object: KubeObject | undefined): boolean => {
	const ready = object === undefined ? undefined : findCondition(conditionsOf(object), "Ready");
	return ready?.status === "True" && ready.observedGeneration === object?.metadata.generation;
};

/** The robots that are Ready, as the operator's cache has them; counted as they change, so that counting costs nothing. */
class ReadyRobots implements Disposable {
	readonly #ready = new Set<string>();
	readonly #subscription: Disposable;

	constructor({ running: { stores } }: World) {
		const note = (key: string, object: KubeObject | undefined) =>
			isReady(object) ? this.#ready.add(key) : this.#ready.delete(key);
		this.#subscription = stores.robotAccounts.subscribe(({ key, after }) => note(key, after));
		for (const object of stores.robotAccounts.list()) note(keyOf(object.metadata), object);
	}

	get count(): number {
		return this.#ready.size;
	}

	/** Until there are so many. */
	async reach(count: number): Promise<void> {
		await eventually(
			async () => (this.#ready.size >= count ? [] : [`${this.#ready.size} of ${count} are ready`]),
			MINUTES * 60_000,
		);
	}

	[Symbol.dispose](): void {
		this.#subscription[Symbol.dispose]();
	}
}

/** Until a robot that is edited while others wait for their first look is as its owner wants it: milliseconds, and others. */
const editDuring = async (
	world: World,
	robots: ReadyRobots,
	count: number,
): Promise<{ readonly inForce: number; readonly others: number; readonly ready: number }> => {
	await robots.reach(Math.ceil(count / 20));
	const waiting = [...world.running.stores.robotAccounts.list()].findLast((object) => !isReady(object));
	const name = waiting?.metadata.name ?? "robot-0";
	const before = robots.count;
	const began = performance.now();
	await put(world, robotAccountKind, `apps/${name}`, { spec: specOf("pull", "push") });
	await eventually(async () => {
		const { identities } = world.planes.find("apps/main")?.metadata ?? {};
		const robot = await identities?.findRobot(`robot$apps+${name}`);
		return robot?.permissions[0]?.actions.includes("push") === true ? [] : ["the edit is not in force"];
	});
	const inForce = performance.now() - began;
	const others = robots.count - before;
	await eventually(async () => {
		const object = await world.user.find(robotAccountKind, { namespace: "apps", name }, soon());
		return object?.metadata.generation === 2 && isReady(object) ? [] : ["the edit is not handled"];
	});
	return { inForce, others, ready: performance.now() - began };
};

const changeOne = async (world: World, t: TestContext): Promise<void> => {
	const since = { asked: world.asked.length, effects: world.effects.length };
	await put(world, robotAccountKind, "apps/robot-0", { spec: specOf("delete") });
	await eventually(async () => {
		const object = await world.user.find(robotAccountKind, { namespace: "apps", name: "robot-0" }, soon());
		return isReady(object) ? [] : ["the change is not handled"];
	});
	const asked = world.asked.slice(since.asked);
	const applied = world.effects.slice(since.effects).filter(({ what }) => what.startsWith("control"));
	assert.equal(applied.length, 1, "one change sends one change");
	assert.ok(asked.length <= 3, JSON.stringify(asked));
	t.diagnostic(`one change: ${applied.length} call of Control, ${asked.length} writes to the API`);
};

/** Has everybody asked what is used now, which else is written down when its time comes. */
const countAll = async (world: World): Promise<void> => {
	const annotations = { "limani.dev/requestedAt": "counted" };
	const all = [
		[registryKind, "main"],
		[projectKind, "web"],
	] as const;
	for (const [type, name] of all) await put(world, type, `apps/${name}`, {}, { annotations });
	await eventually(async () => {
		const found = await Promise.all(
			all.map(([type, name]) => world.user.find(type, { namespace: "apps", name }, soon())),
		);
		const told = found.filter((object) => Object(object?.status).lastHandledRequestedAt === "counted");
		return told.length === all.length ? [] : ["not all was counted"];
	});
};

const startAgain = async (world: World, t: TestContext, count: number): Promise<void> => {
	const before = { asked: world.asked.length, minted: world.minted.length, requests: world.requests.count };
	let read = world.logged.length;
	let looked = 0;
	world.kill();
	const began = performance.now();
	const usedBefore = process.cpuUsage();
	await world.restart();
	using robots = new ReadyRobots(world);
	await robots.reach(count);
	const known = performance.now() - began;
	await eventually(async () => {
		for (; read < world.logged.length; read++) {
			if (world.logged[read]?.includes('"controller":"robotaccount"') === true) looked++;
		}
		return looked >= count ? [] : [`${looked} of ${count} were looked at`];
	}, MINUTES * 60_000);
	const seconds = (performance.now() - began) / 1_000;
	const used = process.cpuUsage(usedBefore);
	const cpu = (used.user + used.system) / 1_000 / count;
	assert.equal(world.minted.length, before.minted, "nothing is reissued");
	assert.deepEqual(world.asked.slice(before.asked), [], "nothing is written");
	t.diagnostic(
		`started again: ${count} known as Ready after ${(known / 1_000).toFixed(1)} s, all looked at within ` +
			`${seconds.toFixed(1)} s and ${cpu.toFixed(2)} ms of CPU for each, by ${world.requests.count - before.requests} requests, none a write`,
	);
};
