import assert from "node:assert/strict";
import { test } from "node:test";
import { ControlError } from "#/control/control-error.ts";
import { systemTiming } from "#/lib/timing.ts";
import type { Census } from "#/operator/plane/find-orphans.ts";
import { findOrphans } from "#/operator/plane/find-orphans.ts";
import type { PlaneLink } from "#/operator/plane/plane-link.ts";
import { type PlaneChange, Planes, type PlanesDeps } from "#/operator/plane/planes.ts";
import { Operator, project, reasons, robot, soon, user } from "../../conformance/control/bench.ts";
import { openControlPlane, openQuickState } from "../../support/control-planes.ts";

const REGISTRY = { uid: "registry", key: "system/main" };

const until = async (done: () => boolean | Promise<boolean>): Promise<void> => {
	const signal = soon();
	while (!(await done())) await systemTiming.sleep(2, signal);
};

const knowing = (...uids: readonly string[]): Census => ({
	synced: true,
	isEmpty: uids.length === 0,
	has: (uid) => uids.includes(uid),
});

const openPlanes = async (deps: Partial<PlanesDeps> = {}) => {
	const stack = new AsyncDisposableStack();
	const plane = stack.use(await openControlPlane(await openQuickState()));
	const reports: unknown[] = [];
	const planes = stack.use(
		new Planes(
			{
				holder: "test",
				timing: {
					...systemTiming,
					random: () => 0,
					sleep: (ms, signal) => systemTiming.sleep(Math.min(ms, 20), signal),
				},
				leads: () => true,
				censuses: {},
				report: (_, error) => reports.push(error),
				...deps,
			},
			{ minPollMs: 3, maxPollMs: 6 },
		),
	);
	const synced = async (): Promise<PlaneLink> => {
		await until(() => planes.find(REGISTRY.uid)?.synced === true);
		const link = planes.find(REGISTRY.uid);
		assert.ok(link !== undefined);
		return link;
	};
	return { plane, planes, reports, synced, [Symbol.asyncDispose]: () => stack.disposeAsync() };
};

test("identities of resources that are gone are deleted, their projects released, and what is known stays", async () => {
	await using bench = await openPlanes({ censuses: { Project: knowing("p1"), RobotAccount: knowing("r1") } });
	const before = await Operator.begin(bench.plane.control);
	const robots = ["r1", "r2"].map((uid) => robot(uid, `robot$${uid}`));
	await before.apply([project("p1", "one"), project("p2", "two"), ...robots, user("u1", "ann")]);
	bench.planes.attach({ ...REGISTRY, control: bench.plane.control });
	await until(async () => (await reasons(bench.plane.control)).includes("(r2)"));
	assert.deepEqual(await reasons(bench.plane.control), ["p1: Applied", "(p2)", "r1: Applied", "(r2)", "u1: Applied"]);
	assert.equal((await bench.plane.metadata.projects.find("two"))?.name, "two");
});

const guards: readonly { readonly name: string; readonly census: Census | undefined }[] = [
	{ name: "of which nothing is known", census: undefined },
	{ name: "whose cache is empty", census: knowing() },
	{ name: "whose cache is not complete", census: { ...knowing("other"), synced: false } },
];

for (const { name, census } of guards) {
	test(`nothing of a kind is an orphan ${name}`, () => {
		const censuses = census === undefined ? {} : { RobotAccount: census };
		assert.deepEqual(findOrphans([["r1", { kind: "RobotAccount" }]], censuses), []);
	});
}

test("attaching the same again begins nothing anew, and another connection does", async () => {
	await using bench = await openPlanes();
	const { control } = bench.plane;
	bench.planes.attach({ ...REGISTRY, control });
	const link = await bench.synced();
	bench.planes.attach({ ...REGISTRY, control });
	assert.equal(bench.planes.find(REGISTRY.uid), link);
	const other = { ...control, begin: control.begin.bind(control), observe: control.observe.bind(control) };
	bench.planes.attach({ ...REGISTRY, control: { ...other, apply: control.apply.bind(control) } });
	assert.notEqual(await bench.synced(), link);
});

test("a link that was overtaken is begun anew, and everybody concerned is told", async () => {
	await using bench = await openPlanes();
	bench.planes.attach({ ...REGISTRY, control: bench.plane.control });
	const link = await bench.synced();
	const changes: PlaneChange[] = [];
	using _ = bench.planes.subscribe((change) => void changes.push(change));
	await Operator.begin(bench.plane.control, "another operator");
	link.want({ kind: "RobotAccount", uid: "r1", spec: { name: "robot$r1", verifiers: [] } });
	await until(() => bench.planes.find(REGISTRY.uid) !== link);
	assert.match(String(bench.reports[0]), /was overtaken/);
	const next = await bench.synced();
	const wish = { kind: "RobotAccount", uid: "r1", spec: { name: "robot$r1", verifiers: [] } } as const;
	await until(() => next.want(wish)?.ready === true);
	assert.ok(changes.some(({ uids }) => uids === undefined));
	assert.ok(changes.some(({ uids }) => uids?.has("r1") === true));
});

test("who does not lead begins no epoch, and does when it comes to lead", async () => {
	let leads = false;
	await using bench = await openPlanes({ leads: () => leads });
	const other = await Operator.begin(bench.plane.control, "the leader");
	bench.planes.attach({ ...REGISTRY, control: bench.plane.control });
	await systemTiming.sleep(60, soon());
	await other.apply([robot("r1", "robot$r1")]);
	leads = true;
	await bench.synced();
});

test("a link that is detached says nothing any more", async () => {
	await using bench = await openPlanes();
	bench.planes.attach({ ...REGISTRY, control: bench.plane.control });
	await bench.synced();
	await bench.planes.detach(REGISTRY.uid);
	assert.equal(bench.planes.find(REGISTRY.uid), undefined);
	await bench.planes.detach(REGISTRY.uid);
});

test("what a data plane has is unseen until it is known, or that takes too long", async () => {
	let now = 0;
	const timing = { ...systemTiming, monotonic: () => now };
	await using bench = await openPlanes({ timing });
	const { planes, plane } = bench;
	const { uid } = REGISTRY;
	const standing = () => ({ unseen: planes.isUnseen(uid), absent: planes.isAbsent(uid) });
	assert.deepEqual(standing(), { unseen: true, absent: false });
	now = 30_000;
	assert.deepEqual(standing(), { unseen: false, absent: false });
	const silent = { ...plane.control, begin: () => Promise.reject(new ControlError("UNAVAILABLE", "not now")) };
	planes.attach({ ...REGISTRY, control: silent });
	await until(() => planes.find(uid)?.trouble !== undefined);
	assert.deepEqual(standing(), { unseen: true, absent: false });
	now = 60_000;
	assert.deepEqual(standing(), { unseen: false, absent: false });
	planes.attach({ ...REGISTRY, control: plane.control });
	await bench.synced();
	assert.deepEqual(standing(), { unseen: false, absent: false });
	await planes.detach(uid);
	assert.deepEqual(standing(), { unseen: false, absent: true });
});
