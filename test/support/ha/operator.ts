import assert from "node:assert/strict";
import { z } from "zod";
import type { Applied, Control, DesiredResource, ObservedResource } from "#/control/control.ts";
import { observeAll } from "#/control/observe-all.ts";
import { RemoteControl } from "#/control/remote-control.ts";

/** One run of a policy, as its report tells. */
const run = z.object({
	id: z.string(),
	trigger: z.string(),
	startedAt: z.number(),
	finishedAt: z.number().optional(),
	outcome: z.string(),
});

/** See {@link run}. */
export type ReportedRun = z.output<typeof run>;

const report = z.object({ runs: z.array(run).default([]), handledRequest: z.string().optional() });

const patience = (): AbortSignal => AbortSignal.timeout(20_000);

/** Drives a registry as an operator does: each call goes to the next of its replicas that answers. */
export class HaOperator implements Disposable {
	/** Every run that any report told of, by its id, as it was told last. */
	readonly runs = new Map<string, ReportedRun>();
	/** The replicas that are not asked, by their index. */
	readonly left = new Set<number>();
	readonly #controls: readonly RemoteControl[];
	#next = 0;
	#generation = 0;

	/** @param urls the control ports of all replicas */
	constructor(urls: readonly string[], trust: { readonly token: string; readonly ca: string }) {
		this.#controls = urls.map((url) => new RemoteControl({ url, ...trust, timeoutMs: 10_000 }));
	}

	/** Hands over resources; repeated until a replica takes them. */
	async apply(resources: readonly Omit<DesiredResource, "generation">[]): Promise<void> {
		const generation = ++this.#generation;
		const upserts = resources.map((resource) => ({ ...resource, generation }));
		await this.#try(async (control) => {
			const { epoch, base } = await control.begin({ holder: "test" }, patience());
			const applied: Applied = await control.apply({ epoch, base, upserts, deletes: [], releases: [] }, patience());
			assert.ok("base" in applied, JSON.stringify(applied));
		});
	}

	/** What the policy last handled, and its runs, which are kept in {@link runs}. */
	async look(uid: string): Promise<string | undefined> {
		const told = (await this.observe(uid))?.report;
		if (told === undefined) return undefined;
		const { runs, handledRequest } = report.parse(told);
		for (const each of runs) this.runs.set(each.id, each);
		return handledRequest;
	}

	/** What is told of a resource; absent: nothing yet. */
	async observe(uid: string): Promise<ObservedResource | undefined> {
		return await this.#try(async (control) => {
			const all = await Array.fromAsync(observeAll(control, 0, patience()));
			return all.findLast((resource) => resource.uid === uid);
		});
	}

	/** What the collector did so far. */
	async reclaimed(): Promise<number> {
		return await this.#try(async (control) => (await control.totals({}, patience())).reclaimed.objects);
	}

	[Symbol.dispose](): void {
		for (const control of this.#controls) control[Symbol.dispose]();
	}

	async #try<T>(call: (control: Control) => Promise<T>): Promise<T> {
		const deadline = performance.now() + 60_000;
		for (;;) {
			const index = this.#next++ % this.#controls.length;
			const control = this.#controls[index] ?? assert.fail();
			if (this.left.has(index)) continue;
			try {
				return await call(control);
			} catch (error) {
				if (performance.now() > deadline) throw error;
			}
		}
	}
}
