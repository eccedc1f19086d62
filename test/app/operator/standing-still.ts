// The operator's health in a thread that stands still when it is told to, until a gate is opened.
import { parentPort, workerData } from "node:worker_threads";
import { Registry as MetricsRegistry } from "prom-client";
import winston from "winston";
import { openHealth } from "#/app/operator/open-health.ts";

const gate = new Int32Array(new SharedArrayBuffer(4));

await openHealth(workerData.address, {
	caches: { reflectors: [] },
	metrics: new MetricsRegistry(),
	logger: winston.createLogger({ silent: true }),
	isStopping: () => false,
});
parentPort?.on("message", () => {
	parentPort?.postMessage("standing still");
	Atomics.wait(gate, 0, 0);
	parentPort?.postMessage("going on");
});
parentPort?.postMessage(gate);
