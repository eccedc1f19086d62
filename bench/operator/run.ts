import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { skipWithoutKube } from "../../test/support/kube-plane.ts";
import { toText, writeResults } from "../write-results.ts";
import { measureOperator, type OperatorResult } from "./measure.ts";

const HELP = `npm run bench:operator -- [OPTIONS]
  --resources N,N   how many Projects, and as many RobotAccounts, default 1000,3000,10000
  --idle N          seconds of rest that are measured when all are Ready, default 60
A real kube-apiserver and etcd are needed: the folder KUBEBUILDER_ASSETS, or what .ci/parts/kubernetes builds.`;

/** Measures the operator with the numbers of resources that the arguments name, and writes down what came of it. */
export const runOperator = async (args: readonly string[]): Promise<void> => {
	const { values } = parseArgs({
		args: [...args],
		options: {
			resources: { type: "string", default: "1000,3000,10000" },
			idle: { type: "string", default: "60" },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		console.log(HELP);
		return;
	}
	const missing = skipWithoutKube();
	if (missing !== false) throw new Error(missing);
	const results: OperatorResult[] = [];
	for (const count of values.resources.split(",").map(Number)) {
		const folder = mkdtempSync(join(tmpdir(), "limani-bench-operator-"));
		try {
			const result = await measureOperator({ count, idleSeconds: Number(values.idle), folder, tell: console.log });
			results.push(result);
			console.log(format(result));
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	}
	console.log(`\nwritten to ${writeResults(toText({ results }), "operator")}`);
};

const format = (result: OperatorResult): string => {
	const { count, start, edit, again, idle, memory } = result;
	return [
		`\n${count} Projects and ${count} RobotAccounts`,
		`  cold start: all Ready after ${start.seconds.toFixed(1)} s, ${((start.cpuSeconds / (2 * count)) * 1000).toFixed(1)} ms of CPU and ${(start.requests / (2 * count)).toFixed(2)} requests for each; a reconcile p50 ${start.p50.toFixed(0)} ms, p99 ${start.p99.toFixed(0)} ms`,
		`  an edit of one meanwhile, when ${edit.readyBefore} were Ready: Ready after ${edit.seconds.toFixed(2)} s and ${edit.reconciles} looks`,
		`  memory: ${memory.empty.toFixed(0)} MiB without resources, ${memory.peak.toFixed(0)} at most, ${memory.settled.toFixed(0)} at rest; ${start.connections} connections to the API server`,
		`  started again: all looked at after ${again.seconds.toFixed(1)} s, ${again.requests} requests, ${again.writes} of them writes`,
		`  ${idle.seconds} s at rest: ${idle.requests} requests, writes that are not leases: ${idle.writes}`,
	].join("\n");
};
