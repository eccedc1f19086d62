/** The data plane as the control plane sees it: what it is told is kept in metadata, from which everything else reads. */
import { checkInput, toJson } from "#/control/check-input.ts";
import { CONTRACT, type Operation } from "#/control/contract.ts";
import type {
	Applied,
	Control,
	ControlRefusal,
	HistoryPage,
	RestoreOutcome,
	RunOutcome,
	UsagePage,
} from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";
import { CodedError } from "#/lib/coded-error.ts";
import { untilAborted } from "#/lib/until-aborted.ts";
import type { ControlState } from "#/metadata/control-state.ts";
import type { History } from "#/metadata/history.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { Usages } from "#/metadata/usages.ts";
import { judgeSpec } from "./judge-spec.ts";
import { readHistory, restoreContent } from "./undo.ts";

/** What a run did, as counts and words fit for a status. */
type RunReport = { readonly [count: string]: number | string | boolean };

/** Background work that can be asked for, by feature. `id` names the subject where a feature has several. */
export type RunnableFeatures = { readonly [feature: string]: (id: string, signal: AbortSignal) => Promise<RunReport> };

/** What {@link DataPlane} works with. */
export interface DataPlaneDeps {
	readonly controlState: ControlState;
	readonly usages: Pick<Usages, "list">;
	readonly history: Omit<History, "expire">;
	/** Names of the configured blob stores. */
	readonly stores: ReadonlySet<string>;
	readonly features: RunnableFeatures;
	/** Called each time that resources were changed, before the caller hears of it; absent: nobody wants to know. */
	readonly onApplied?: () => void;
}

type Input<N extends keyof Control> = Parameters<Control[N]>[0];

/** {@link Control} in process, with the bounds and the errors that it has over a connection. */
export class DataPlane implements Control {
	readonly #controlState: ControlState;
	readonly #usages: Pick<Usages, "list">;
	readonly #history: DataPlaneDeps["history"];
	readonly #stores: ReadonlySet<string>;
	readonly #features: RunnableFeatures;
	readonly #onApplied: () => void;

	constructor({ controlState, usages, history, stores, features, onApplied = () => undefined }: DataPlaneDeps) {
		this.#controlState = controlState;
		this.#usages = usages;
		this.#history = history;
		this.#stores = stores;
		this.#features = features;
		this.#onApplied = onApplied;
	}

	begin(input: Input<"begin">, signal: AbortSignal): Promise<{ readonly epoch: number; readonly base: number }> {
		return answer(CONTRACT.begin, input, signal, ({ holder }) => this.#controlState.begin(holder));
	}

	apply(input: Input<"apply">, signal: AbortSignal): Promise<Applied> {
		return answer(CONTRACT.apply, input, signal, async (change) => {
			const upserts = change.upserts.map((resource) => judgeSpec(resource, this.#stores));
			const applied = await this.#controlState.apply({ ...change, upserts });
			this.#onApplied();
			return applied;
		});
	}

	resync(input: Input<"resync">, signal: AbortSignal): Promise<Applied> {
		return answer(CONTRACT.resync, input, signal, async (page) => {
			const resources = page.resources.map((resource) => judgeSpec(resource, this.#stores));
			const applied = await this.#controlState.resync({ ...page, resources });
			this.#onApplied();
			return applied;
		});
	}

	observe(input: Input<"observe">, signal: AbortSignal): ReturnType<Control["observe"]> {
		return answer(CONTRACT.observe, input, signal, async ({ cursor, limit }) => {
			const changes = await this.#controlState.observe(cursor, limit, signal);
			return { changes, cursor: changes.at(-1)?.cursor ?? cursor };
		});
	}

	usage(input: Input<"usage">, signal: AbortSignal): Promise<UsagePage> {
		return answer(CONTRACT.usage, input, signal, async ({ after, limit }) => {
			const found = await this.#usages.list({ last: after, limit: limit + 1 }, signal);
			return { projects: found.slice(0, limit), more: found.length > limit };
		});
	}

	history(input: Input<"history">, signal: AbortSignal): Promise<HistoryPage> {
		return answer(CONTRACT.history, input, signal, (request) => readHistory(this.#history, request, signal));
	}

	restore(input: Input<"restore">, signal: AbortSignal): Promise<RestoreOutcome> {
		return answer(CONTRACT.restore, input, signal, (wanted) => restoreContent(this.#history, wanted));
	}

	run(input: Input<"run">, signal: AbortSignal): Promise<RunOutcome> {
		return answer(CONTRACT.run, input, signal, async ({ epoch, feature, id }) => {
			const refused = await this.#refuseStale(epoch, signal);
			if (refused !== undefined) return { refused };
			// Own members alone: "constructor" is no feature.
			const run = Object.hasOwn(this.#features, feature) ? this.#features[feature] : undefined;
			if (run !== undefined) return { ran: await runFeature(feature, () => run(id, signal)) };
			return { refused: { reason: "unknown-feature", features: Object.keys(this.#features).toSorted() } };
		});
	}

	async #refuseStale(epoch: number, signal: AbortSignal): Promise<ControlRefusal | undefined> {
		const current = await this.#controlState.current(signal);
		return epoch === current.epoch ? undefined : { reason: "stale-epoch", epoch: current.epoch };
	}
}

const answer = async <In, Out>(
	operation: Operation<In, Out>,
	input: In,
	signal: AbortSignal,
	work: (input: In) => Promise<Out>,
): Promise<Out> => {
	signal.throwIfAborted();
	toJson(operation, input);
	const checked = checkInput(operation, input);
	return await untilAborted(signal, () => work(checked)).catch((cause: unknown) => {
		if (!(cause instanceof MetadataError)) throw cause;
		throw new ControlError("UNAVAILABLE", `${operation.name}: ${cause.message}`, { cause });
	});
};

/** Failures with a code are worded for those who operate a registry; others are for its log alone. */
const runFeature = (feature: string, run: () => Promise<RunReport>): Promise<RunReport> =>
	run().catch((cause: unknown) => {
		const why = cause instanceof CodedError ? `: ${cause.message}` : "";
		throw new ControlError("UNAVAILABLE", `run ${feature}: it failed${why}`, { cause });
	});
