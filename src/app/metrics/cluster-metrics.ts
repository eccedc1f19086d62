import type { Worker } from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from "prom-client";

/** The metrics of one process. */
type MetricsOfProcess = readonly MetricObjectWithValues<MetricValue<string>>[];

/** What travels between a worker and the first process. */
type MetricsMessage =
	/** A worker was asked for the metrics of all. */
	| { readonly kind: "limani.metrics.wanted"; readonly question: number }
	| { readonly kind: "limani.metrics.text"; readonly question: number; readonly text: string }
	/** The first process gathers. */
	| { readonly kind: "limani.metrics.asked"; readonly round: number }
	| { readonly kind: "limani.metrics.told"; readonly round: number; readonly metrics: MetricsOfProcess };

/** How long a worker may take to tell its metrics before those that it told last stand for it, milliseconds. */
const ANSWER_MS = 2_000;

interface Member {
	readonly worker: Worker;
	told: MetricsOfProcess;
	readonly waiting: Map<number, () => void>;
}

/**
 * Gathers, in the first process, the metrics of all processes. What a worker counted stays counted when it is gone, so
 * that sums never fall.
 */
export class ClusterMetrics {
	readonly #own: Registry;
	readonly #members = new Set<Member>();
	#departed: Promise<MetricsOfProcess> = Promise.resolve([]);
	#round = 0;

	/** @param own the metrics of this process */
	constructor(own: Registry) {
		this.#own = own;
	}

	/** Counts a worker in, and answers it when it is asked for the metrics of all. */
	add(worker: Worker): void {
		const member: Member = { worker, told: [], waiting: new Map() };
		this.#members.add(member);
		worker.on("message", (message: unknown) => {
			if (!isMetricsMessage(message)) return;
			if (message.kind === "limani.metrics.wanted") void this.#answer(worker, message.question);
			if (message.kind !== "limani.metrics.told") return;
			member.told = message.metrics;
			member.waiting.get(message.round)?.();
		});
		worker.once("exit", () => {
			this.#members.delete(member);
			for (const done of member.waiting.values()) done();
			// prom-client's types have numbers where there are names.
			const counted = member.told.filter(({ type }) => String(type) !== "gauge");
			this.#departed = this.#departed.then((before) => sum([before, counted]).getMetricsAsJSON());
		});
	}

	/** The metrics of all processes, in the text format. */
	async text(): Promise<string> {
		this.#round += 1;
		const round = this.#round;
		await Promise.all([...this.#members].map((member) => ask(member, round)));
		const own = await this.#own.getMetricsAsJSON();
		// Both at one instant: a worker is either here or gone.
		const departed = this.#departed;
		const told = [...this.#members].map((member) => member.told);
		return sum([own, ...told, await departed]).metrics();
	}

	async #answer(worker: Worker, question: number): Promise<void> {
		const text = await this.text().catch(() => "");
		if (worker.isConnected()) send(worker, { kind: "limani.metrics.text", question, text });
	}
}

const sum = (all: readonly MetricsOfProcess[]): Registry => AggregatorRegistry.aggregate(all.map((some) => [...some]));

const ask = async ({ worker, waiting }: Member, round: number): Promise<void> => {
	if (!worker.isConnected()) return;
	const { promise, resolve } = Promise.withResolvers<void>();
	const late = new AbortController();
	waiting.set(round, resolve);
	send(worker, { kind: "limani.metrics.asked", round });
	await Promise.race([promise, sleep(ANSWER_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
	late.abort();
	waiting.delete(round);
};

const send = (worker: Worker, message: MetricsMessage): void => {
	worker.send(message, () => undefined);
};

const isMetricsMessage = (message: unknown): message is MetricsMessage =>
	typeof message === "object" &&
	message !== null &&
	"kind" in message &&
	typeof message.kind === "string" &&
	message.kind.startsWith("limani.metrics.");

/** The line from a worker to the first process. */
type Line = Pick<NodeJS.Process, "on" | "send">;

/**
 * Tells the first process, whenever it asks, what this worker counted.
 *
 * @returns asks it for the metrics of all processes, in the text format
 */
export const joinClusterMetrics = (own: Registry, line: Line): (() => Promise<string>) => {
	let questions = 0;
	const waiting = new Map<number, (text: string) => void>();
	const tell = (message: MetricsMessage): void => void line.send?.(message, undefined, {}, () => undefined);
	line.on("message", async (message: unknown) => {
		if (!isMetricsMessage(message)) return;
		if (message.kind === "limani.metrics.asked") {
			tell({ kind: "limani.metrics.told", round: message.round, metrics: await own.getMetricsAsJSON() });
		} else if (message.kind === "limani.metrics.text") {
			waiting.get(message.question)?.(message.text);
			waiting.delete(message.question);
		}
	});
	return () => {
		questions += 1;
		const { promise, resolve } = Promise.withResolvers<string>();
		waiting.set(questions, resolve);
		tell({ kind: "limani.metrics.wanted", question: questions });
		return promise;
	};
};
