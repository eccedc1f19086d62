import assert from "node:assert/strict";
import { test } from "node:test";
import type { Child } from "#/operator/backup-schedule/children.ts";
import { findDelay, outlivedOf, planSchedule, type ScheduleFacts } from "#/operator/backup-schedule/plan.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const THREE = Date.UTC(2026, 0, 2, 3);
const CREATED = Date.UTC(2026, 0, 1, 12);
const TOMORROW = THREE + 24 * HOUR;

const child = (name: string, more: Partial<Child> = {}): Child => ({
	name,
	uid: `uid of ${name}`,
	createdAt: CREATED,
	outcome: "Succeeded",
	point: CREATED,
	recoveryPoint: "2026-01-01T12:00:00Z",
	error: undefined,
	...more,
});

const running = (name: string) => child(name, { outcome: undefined, point: undefined, recoveryPoint: undefined });

const facts = ({ spec, ...more }: { readonly spec?: object } & Partial<Omit<ScheduleFacts, "spec">> = {}) => ({
	name: "nightly",
	uid: "uid-1",
	spec: { schedule: "0 3 * * *", suspend: false, immediate: false, ...spec },
	createdAt: CREATED,
	announced: THREE,
	lastSlot: undefined,
	isBlocked: false,
	request: undefined,
	children: [],
	now: THREE,
	...more,
});

const cases: readonly (readonly [
	what: string,
	given: Parameters<typeof facts>[0],
	make?: string | undefined,
	next?: number | undefined,
])[] = [
	["at its time", {}, "nightly-20260102030000", TOMORROW],
	["a moment before its time", { now: THREE - 1 }, undefined, THREE],
	["a few minutes late", { now: THREE + 9 * MINUTE }, "nightly-20260102030000", TOMORROW],
	["too late", { now: THREE + 11 * MINUTE }, undefined, TOMORROW],
	["days too late", { now: THREE + 75 * HOUR }, undefined, THREE + 96 * HOUR],
	["that was never told to be next", { announced: undefined }, undefined, TOMORROW],
	["that was made already, by the status", { lastSlot: THREE }, undefined, TOMORROW],
	["that was made already, by its name", { children: [child("nightly-20260102030000")] }, undefined, TOMORROW],
	["while another one is made", { children: [running("nightly-now-1")] }, undefined, THREE],
	["while none can be made", { isBlocked: true }, undefined, THREE],
	["while suspended", { spec: { suspend: true } }, undefined, undefined],
	["after another one has ended", { children: [child("nightly-20260101030000")] }, "nightly-20260102030000", TOMORROW],
	["that another one waited for too long", { children: [running("a")], now: THREE + HOUR }, undefined, TOMORROW],
	[
		"the newest of several that are due",
		{ spec: { schedule: "* * * * *" }, announced: THREE - 5 * MINUTE, now: THREE + 30_000 },
		"nightly-20260102030000",
		THREE + MINUTE,
	],
	[
		"once more after the clock was set back, of which the name tells",
		{ lastSlot: TOMORROW, children: [child("nightly-20260102030000")] },
		undefined,
		TOMORROW,
	],
	["after a clock that was wrong by a day was set back", { lastSlot: TOMORROW }, "nightly-20260102030000", TOMORROW],
	["at once", { spec: { immediate: true }, announced: undefined, now: CREATED }, "nightly-20260101120000", THREE],
	["at once, but once", { spec: { immediate: true }, lastSlot: CREATED, now: CREATED + MINUTE }, undefined, THREE],
];

for (const [what, given, make, next] of cases) {
	test(`a Backup ${what} is ${make === undefined ? "not made" : "made"}`, () => {
		const plan = planSchedule(facts(given));
		assert.equal(plan.make?.name, make);
		assert.equal(plan.next, next);
	});
}

test("a request is one Backup, whose name it gives, and its slot waits for it", () => {
	const asked = planSchedule(facts({ request: "now", now: THREE + MINUTE }));
	assert.match(asked.make?.name ?? "", /^nightly-now-[0-9a-f]{10}$/);
	assert.equal(asked.make?.slot, undefined);
	assert.equal(asked.next, THREE);
	const made = asked.make?.name ?? assert.fail();
	assert.equal(planSchedule(facts({ request: "now", now: THREE - 1, children: [running(made)] })).make, undefined);
	assert.equal(planSchedule(facts({ request: "now", now: THREE - 1, children: [child(made)] })).make, undefined);
	assert.notEqual(planSchedule(facts({ request: "again" })).make?.name, made);
});

test("schedules keep to UTC, where no hour is missing or comes twice", () => {
	// In Berlin 02:30 does not exist on 29 March 2026, and comes twice on 25 October.
	for (const day of [Date.UTC(2026, 2, 29), Date.UTC(2026, 9, 25)]) {
		const slot = day + 2.5 * HOUR;
		const made: string[] = [];
		let announced: number | undefined = slot;
		for (let now = slot - HOUR; now < slot + 24 * HOUR; now += 15 * MINUTE) {
			const { make, next } = planSchedule(
				facts({ spec: { schedule: "30 2 * * *" }, announced, now, children: made.map((name) => child(name)) }),
			);
			if (make !== undefined) made.push(make.name);
			announced = next;
		}
		assert.equal(made.length, 1, `${made}`);
		assert.equal(announced, slot + 24 * HOUR);
	}
});

test("Backups whose content has left the archive are outlived, and failed ones but the last ten", () => {
	const whole = [4, 3, 2, 1].map((day) => child(`day-${day}`, { point: Date.UTC(2026, 0, day) }));
	assert.deepEqual(
		outlivedOf(whole, Date.UTC(2026, 0, 3)).map(({ name }) => name),
		["day-2", "day-1"],
	);
	assert.deepEqual(outlivedOf(whole, undefined), []);
	assert.deepEqual(outlivedOf([running("a")], Date.UTC(2030, 0)), []);
	const failed = Array.from({ length: 12 }, (_, i) => child(`failed-${i}`, { outcome: "Failed", error: "no" }));
	assert.deepEqual(
		outlivedOf(failed, undefined).map(({ name }) => name),
		["failed-10", "failed-11"],
	);
});

test("a Backup that does not end holds others up once a time was left out that is not its own", () => {
	const held = (more: Parameters<typeof facts>[0], name = "nightly-20260102030000", createdAt = THREE + MINUTE) =>
		findDelay(facts({ children: [{ ...running(name), createdAt }], ...more }));
	const late = TOMORROW + 11 * MINUTE;
	assert.equal(held({ now: TOMORROW + 9 * MINUTE }), undefined);
	assert.deepEqual(held({ now: late }), { child: "nightly-20260102030000", slot: TOMORROW });
	// By the clock of the API server it was made before its time.
	assert.equal(held({ now: THREE + HOUR }, "nightly-20260102030000", THREE - MINUTE), undefined);
	assert.deepEqual(held({ now: THREE + HOUR }, "nightly-now-1", THREE - MINUTE), {
		child: "nightly-now-1",
		slot: THREE,
	});
	assert.equal(held({ now: late, spec: { suspend: true } }), undefined);
	assert.equal(findDelay(facts({ now: late, children: [child("nightly-20260102030000")] })), undefined);
});
