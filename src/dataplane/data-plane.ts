/** The data plane as the control plane sees it: what it is told is kept in metadata, from which everything else reads. */
import { checkInput, toJson } from "#/control/check-input.ts";
import { CONTRACT, type Operation } from "#/control/contract.ts";
import type {
	Applied,
	ArchiveStanding,
	CollectionTotals,
	Control,
	ControlRefusal,
	DatabaseMigration,
	ExplainOutcome,
	HistoryPage,
	RestoreOutcome,
	RunOutcome,
	StoreStanding,
	UsagePage,
} from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";
import { CodedError } from "#/lib/coded-error.ts";
import { untilAborted } from "#/lib/until-aborted.ts";
import type { Collection } from "#/metadata/collection.ts";
import type { ControlState, DesiredResource } from "#/metadata/control-state.ts";
import type { History } from "#/metadata/history.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { Usages } from "#/metadata/usages.ts";
import { judgeSpec } from "./judge-spec.ts";
import { type SealCredentialsDeps, sealCredentials } from "./policy-credentials.ts";
import { readHistory, restoreContent } from "./undo.ts";

/** What a run did, as counts and words fit for a status. */
type RunReport = { readonly [count: string]: number | string | boolean };

/** Background work that can be asked for, by feature. `id` names the subject where a feature has several. */
export type RunnableFeatures = { readonly [feature: string]: (id: string, signal: AbortSignal) => Promise<RunReport> };

/** A page of what a retention policy would do, in the form of `Control.explain`. */
export type Explain = (
	request: Input<"explain">,
	signal: AbortSignal,
) => Promise<Exclude<ExplainOutcome, { readonly refused: unknown }> | undefined>;

/** What {@link DataPlane} works with. */
export interface DataPlaneDeps {
	readonly controlState: ControlState;
	readonly usages: Pick<Usages, "list">;
	readonly collection: Pick<Collection, "totals">;
	readonly history: Omit<History, "expire">;
	/** Seals what policies log in to other registries with; absent: those that do are refused. */
	readonly secrets?: SealCredentialsDeps;
	/** Names of the configured blob stores. */
	readonly stores: ReadonlySet<string>;
	/** How they stand, and others that are used; absent: nobody is told. */
	readonly standings?: (signal: AbortSignal) => Promise<readonly StoreStanding[]>;
	/** How the metadata goes to another database; nothing, or absent: it stays where it is. */
	readonly databaseMigration?: () => DatabaseMigration | undefined;
	/** How the archive of backups stands; absent: there is none. */
	readonly archive?: (signal: AbortSignal) => Promise<ArchiveStanding | undefined>;
	readonly features: RunnableFeatures;
	/** Tells what a retention policy would do; nothing, of one that there is not. Absent: there are none. */
	readonly explain?: Explain;
	/** Called each time that resources were changed, before the caller hears of it; absent: nobody wants to know. */
	readonly onApplied?: () => void;
}

type Input<N extends keyof Control> = Parameters<Control[N]>[0];

/** {@link Control} in process, with the bounds and the errors that it has over a connection. */
export class DataPlane implements Control {
	readonly #controlState: ControlState;
	readonly #usages: Pick<Usages, "list">;
	readonly #collection: DataPlaneDeps["collection"];
	readonly #history: DataPlaneDeps["history"];
	readonly #secrets: SealCredentialsDeps | undefined;
	readonly #stores: ReadonlySet<string>;
	readonly #standings: DataPlaneDeps["standings"];
	readonly #databaseMigration: DataPlaneDeps["databaseMigration"];
	readonly #archive: DataPlaneDeps["archive"];
	readonly #features: RunnableFeatures;
	readonly #explain: Explain;
	readonly #onApplied: () => void;

	constructor(deps: DataPlaneDeps) {
		const { controlState, usages, collection, history, stores, features, onApplied = () => undefined } = deps;
		this.#controlState = controlState;
		this.#usages = usages;
		this.#collection = collection;
		this.#history = history;
		this.#secrets = deps.secrets;
		this.#stores = stores;
		this.#standings = deps.standings;
		this.#databaseMigration = deps.databaseMigration;
		this.#archive = deps.archive;
		this.#features = features;
		this.#explain = deps.explain ?? (async () => undefined);
		this.#onApplied = onApplied;
	}

	begin(input: Input<"begin">, signal: AbortSignal): Promise<{ readonly epoch: number; readonly base: number }> {
		return answer(CONTRACT.begin, input, signal, ({ holder }) => this.#controlState.begin(holder));
	}

	apply(input: Input<"apply">, signal: AbortSignal): Promise<Applied> {
		return answer(CONTRACT.apply, input, signal, async (change) => {
			const upserts = await this.#judge(change.upserts);
			const applied = await this.#controlState.apply({ ...change, upserts });
			this.#onApplied();
			return applied;
		});
	}

	resync(input: Input<"resync">, signal: AbortSignal): Promise<Applied> {
		return answer(CONTRACT.resync, input, signal, async (page) => {
			const resources = await this.#judge(page.resources);
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

	totals(input: Input<"totals">, signal: AbortSignal): Promise<CollectionTotals> {
		return answer(CONTRACT.totals, input, signal, async () => {
			const totals = await this.#collection.totals(signal);
			const stores = await this.#standings?.(signal);
			const databaseMigration = this.#databaseMigration?.();
			return {
				...totals,
				...(stores === undefined ? {} : { stores: [...stores] }),
				...(databaseMigration === undefined ? {} : { databaseMigration }),
			};
		});
	}

	archive(input: Input<"archive">, signal: AbortSignal): ReturnType<Control["archive"]> {
		return answer(CONTRACT.archive, input, signal, async () => {
			const archive = await this.#archive?.(signal);
			return archive === undefined ? {} : { archive };
		});
	}

	history(input: Input<"history">, signal: AbortSignal): Promise<HistoryPage> {
		return answer(CONTRACT.history, input, signal, (request) => readHistory(this.#history, request, signal));
	}

	restore(input: Input<"restore">, signal: AbortSignal): Promise<RestoreOutcome> {
		return answer(CONTRACT.restore, input, signal, (wanted) => restoreContent(this.#history, wanted));
	}

	explain(input: Input<"explain">, signal: AbortSignal): Promise<ExplainOutcome> {
		return answer(CONTRACT.explain, input, signal, async (request) => {
			const explanation = await this.#explain(request, signal);
			if (explanation !== undefined) return explanation;
			return { refused: { reason: "policy-unknown", message: `there is no retention policy ${request.policy}` } };
		});
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

	/** As metadata is to have them: see {@link judgeSpec} and {@link sealCredentials}. */
	async #judge(resources: Input<"apply">["upserts"]): Promise<readonly DesiredResource[]> {
		const judged: DesiredResource[] = [];
		for (const resource of resources) {
			judged.push(await sealCredentials(judgeSpec(resource, this.#stores), this.#secrets));
		}
		return judged;
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
