import assert from "node:assert/strict";
import { it } from "node:test";
import { keepSlot } from "#/jobs/slots.ts";

const at = (text: string) => Date.parse(`2026-03-${text}:00Z`);

it("a policy's next slot is found once, and again only when it is past or the schedule changes", () => {
	const asked: string[] = [];
	const slots: Record<string, number> = { daily: at("11T03:00"), hourly: at("10T13:00") };
	const find = keepSlot((schedule) => {
		asked.push(schedule);
		return slots[schedule];
	});
	for (const after of [at("10T12:00"), at("10T12:01"), at("11T02:59")])
		assert.equal(find("daily", after), at("11T03:00"));
	assert.deepEqual(asked, ["daily"]);
	assert.equal(find("hourly", at("10T12:00")), at("10T13:00"));
	assert.equal(find("daily", at("11T03:00")), at("11T03:00"));
	assert.deepEqual(asked, ["daily", "hourly", "daily"]);
	assert.equal(find("daily", at("10T12:00")), at("11T03:00"), "an earlier instant may have an earlier slot");
	assert.equal(asked.length, 4);
	for (const _ of "ab") assert.equal(find("never", at("10T12:00")), undefined);
	assert.equal(asked.length, 5);
});

it("a slot that is kept is the one that would be found", () => {
	const keeping = keepSlot();
	for (let after = at("10T12:00") - 1; after < at("10T12:30"); after += 29_500) {
		assert.equal(keeping("*/5 * * * *", after), keepSlot()("*/5 * * * *", after));
	}
});
