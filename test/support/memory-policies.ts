import type { Policies, Policy } from "#/metadata/policies.ts";

/** {@link Policies} and the leases that fence them, in memory. State and reports are kept as JSON. */
export class MemoryPolicies implements Policies {
	readonly #policies = new Map<string, Policy>();
	readonly #leases = new Map<string, { readonly holder: string; readonly fence: number; readonly until: number }>();
	/** What was reported last, by uid. */
	readonly reports = new Map<string, Record<string, unknown>>();
	/** How often policies were listed, and anything was written. */
	readonly calls = { list: 0, save: 0, lease: 0 };
	/** Thrown by what is called next, as often as it is there. */
	readonly failures: Error[] = [];
	readonly #now: () => number;
	#fences = 0;

	constructor(now: () => number = () => performance.now()) {
		this.#now = now;
	}

	/** Puts a policy, or another spec of it. */
	put(policy: Pick<Policy, "kind" | "uid" | "spec">): void {
		const known = this.#policies.get(policy.uid);
		this.#policies.set(policy.uid, { ...policy, generation: (known?.generation ?? 0) + 1, state: known?.state });
	}

	delete(uid: string): void {
		this.#policies.delete(uid);
		this.#leases.delete(`policy:${uid}`);
	}

	async list(
		kind: Policy["kind"],
		{ last = "", limit }: { readonly last?: string | undefined; readonly limit: number },
	) {
		this.calls.list += 1;
		this.#fail();
		return [...this.#policies.values()]
			.filter((policy) => policy.kind === kind && policy.uid > last)
			.toSorted((a, b) => (a.uid < b.uid ? -1 : 1))
			.slice(0, limit);
	}

	async find(uid: string): Promise<Policy | undefined> {
		this.#fail();
		return this.#policies.get(uid);
	}

	async save(uid: string, { fence, state, report }: Parameters<Policies["save"]>[1]): Promise<boolean> {
		this.calls.save += 1;
		this.#fail();
		const policy = this.#policies.get(uid);
		const lease = this.#leases.get(`policy:${uid}`);
		if (policy === undefined || lease === undefined || lease.fence !== fence || lease.until <= this.#now())
			return false;
		if (state !== undefined) this.#policies.set(uid, { ...policy, state: JSON.parse(JSON.stringify(state)) });
		if (report !== undefined) this.reports.set(uid, JSON.parse(JSON.stringify(report)));
		return true;
	}

	/** As `Outbox.lease`. */
	async lease(name: string, holder: string, leaseMs: number): Promise<number | undefined> {
		this.calls.lease += 1;
		this.#fail();
		const held = this.#leases.get(name);
		if (held !== undefined && held.holder !== holder && held.until > this.#now()) return undefined;
		const fence = held?.holder === holder ? held.fence : ++this.#fences;
		this.#leases.set(name, { holder, fence, until: this.#now() + leaseMs });
		return fence;
	}

	#fail(): void {
		const failure = this.failures.shift();
		if (failure !== undefined) throw failure;
	}
}
