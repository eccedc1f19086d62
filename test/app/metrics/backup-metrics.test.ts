import assert from "node:assert/strict";
import { it } from "node:test";
import { Registry as MetricsRegistry } from "prom-client";
import { backupMetrics } from "#/app/metrics/backup-metrics.ts";

const valueIn = async (registry: MetricsRegistry, name: string, outcome?: string): Promise<number | undefined> => {
	const metric = await registry.getSingleMetric(name)?.get();
	return metric?.values.find(({ labels }) => labels.outcome === outcome)?.value;
};

it("tells whether backups are wanted, before there is one, so that it can be missed", async () => {
	for (const isWanted of [true, false]) {
		const registry = new MetricsRegistry();
		backupMetrics(registry, isWanted);
		assert.equal(await valueIn(registry, "limani_backup_enabled"), isWanted ? 1 : 0);
		assert.equal(await valueIn(registry, "limani_backup_last_timestamp_seconds"), 0);
		assert.equal(await valueIn(registry, "limani_backups_total", "Failed"), 0);
	}
});

it("counts what failed, and takes for the last backup the last whole one", async () => {
	const registry = new MetricsRegistry();
	const meter = backupMetrics(registry, true);
	meter.ended(true, 5_000);
	meter.ended(false, 9_000);
	meter.shipped(7_500);
	assert.equal(await valueIn(registry, "limani_backups_total", "Succeeded"), 1);
	assert.equal(await valueIn(registry, "limani_backups_total", "Failed"), 1);
	assert.equal(await valueIn(registry, "limani_backup_last_timestamp_seconds"), 5);
	assert.equal(await valueIn(registry, "limani_backup_journal_timestamp_seconds"), 7.5);
});
