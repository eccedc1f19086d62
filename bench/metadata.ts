// What the engines under the metadata store do in a second, apart from the registry's own statements: one row with
// 1.5 KB read by its key, one such row written durably, asked for one after the other and 64 at once.
// Usage: node bench/metadata.ts [postgres://…]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEngine } from "#/metadata/postgres/open-engine.ts";
import type { Engine } from "#/metadata/sql/engine/engine.ts";
import { openHost } from "#/metadata/sqlite/open-engine.ts";
import { ledger } from "../test/support/ledger.ts";
import { sqliteLedger } from "../test/support/sqlite-ledger.ts";

const secondsEach = 2;
const rows = 1000;
const bytes = new Uint8Array(1500);
const warn = (message: string, error: unknown) => console.error(message, error);

const directory = mkdtempSync(join(tmpdir(), "limani-bench-"));
try {
	await measure("sqlite", await openHost(directory, sqliteLedger, warn));
} finally {
	rmSync(directory, { recursive: true });
}
const url = process.argv[2];
if (url !== undefined) await measure("postgres", await openEngine({ url }, { warn, random: Math.random }, ledger));

async function measure(name: string, engine: Engine): Promise<void> {
	await using open = engine;
	const write = () => open.write("append", { text: "x", bytes });
	const writeWithId = () => open.write("append", { text: "x", bytes }, { id: crypto.randomUUID() });
	for (let row = 0; row < rows; row += 50) await Promise.all(Array.from({ length: 50 }, write));
	const read = () => open.read("textOf", 1 + Math.floor(Math.random() * rows));
	const works = {
		read,
		"read of two statements": () => open.read("counterTwice", "none"),
		write,
		"write with id": writeWithId,
	};
	for (const [work, run] of Object.entries(works)) {
		for (const lanes of [1, 64]) await report(`${name}: ${work}, ${lanes} at once`, lanes, run);
	}
}

async function report(label: string, lanes: number, work: () => Promise<unknown>): Promise<void> {
	let done = 0;
	const durations: number[] = [];
	const cpu = process.cpuUsage();
	const start = performance.now();
	const end = start + secondsEach * 1000;
	const lane = async () => {
		while (performance.now() < end) {
			const began = performance.now();
			await work();
			durations.push(performance.now() - began);
			done++;
		}
	};
	await Promise.all(Array.from({ length: lanes }, lane));
	const seconds = (performance.now() - start) / 1000;
	const { user, system } = process.cpuUsage(cpu);
	durations.sort((a, b) => a - b);
	const at = (share: number) => (durations[Math.floor(durations.length * share)] ?? 0).toFixed(3);
	const perSecond = Math.round(done / seconds).toString();
	const cpuEach = ((user + system) / done).toFixed(0);
	console.log(
		`${label.padEnd(44)} ${perSecond.padStart(8)}/s  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  CPU ${cpuEach} µs each`,
	);
}
