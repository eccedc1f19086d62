import { Gauge, type Registry as MetricsRegistry } from "prom-client";
import type winston from "winston";
import type { KubeClient } from "#/kube/kube-client.ts";
import { type LeaderTerm, LeaseElector, type LeaseElectorOpts } from "#/kube/lease-elector.ts";
import type { Timing } from "#/lib/timing.ts";
import { describeCall } from "./describe-call.ts";

/** What a {@link Leadership} works with. */
export interface LeadershipDeps {
	/** One whose calls are not held up by others. */
	readonly client: Pick<KubeClient, "find" | "create" | "replace">;
	readonly timing: Timing;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	readonly logger: winston.Logger;
	readonly metrics: MetricsRegistry;
}

/** Work that one process of several does at a time. */
export class Leadership {
	readonly #elector: LeaseElector;
	readonly #logger: winston.Logger;
	readonly #gauge: Gauge;
	readonly #lease: string;
	readonly #name: string;

	constructor({ client, timing, now, logger, metrics }: LeadershipDeps, opts: LeaseElectorOpts) {
		const report = (error: unknown) => logger.warn("lease.failed", { lease: this.#lease, error: describeCall(error) });
		this.#lease = `${opts.namespace}/${opts.name}`;
		this.#logger = logger;
		this.#elector = new LeaseElector({ client, timing, now, report }, opts);
		this.#gauge = new Gauge({
			name: "leader_election_master_status",
			help: "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease. Please make sure to group by name.",
			labelNames: ["name"],
			registers: [metrics],
		});
		this.#gauge.set({ name: opts.name }, 0);
		this.#name = opts.name;
	}

	/**
	 * Leads whenever it can, until the signal is aborted and the work has ended.
	 *
	 * @throws what the work throws; Error when it goes on though another process may lead by now
	 */
	async run(work: (term: LeaderTerm) => Promise<void>, signal: AbortSignal): Promise<void> {
		const lead = async (term: LeaderTerm): Promise<void> => {
			this.#tell(true);
			await work(term).finally(() => this.#tell(false));
		};
		while (!signal.aborted) {
			const outcome = await this.#elector.run(lead, signal);
			if (outcome === "overrun") throw new Error(`the lease ${this.#lease} was lost, and the work did not end in time`);
			if (outcome === "lost") this.#logger.warn("lease.lost", { lease: this.#lease });
		}
	}

	#tell(isLeading: boolean): void {
		this.#gauge.set({ name: this.#name }, isLeading ? 1 : 0);
		this.#logger.info(isLeading ? "leading" : "leading.ended", { lease: this.#lease });
	}
}
