import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Registry as MetricsRegistry } from "prom-client";
import winston from "winston";
import { controllerMetrics } from "#/app/metrics/controller-metrics.ts";
import { type StartedControllers, startControllers } from "#/app/operator/start-controllers.ts";
import { applyDefinitions } from "#/app/standalone/apply-definitions.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { KubeConnection } from "#/kube/rest/connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import type { Faults } from "#/kube-embedded/faults.ts";
import { systemTiming } from "#/lib/timing.ts";
import type { RegistryActuator } from "#/operator/registry/actuator.ts";
import { PASSWORD_HASH } from "../conformance/control/bench.ts";
import { type Effect, Life } from "./operator-life.ts";
import { LightPlanes } from "./operator-planes.ts";
import { HurriedTiming } from "./operator-timing.ts";
import { StatusWatcher } from "./operator-watcher.ts";
import { seededRandom } from "./seeded-random.ts";
import { unservedKinds } from "./unserved-kinds.ts";
import { openWorldApi } from "./world-api.ts";

/** Settings of {@link openWorld}. */
export interface WorldOpts {
	readonly seed?: number;
	/** How many times as fast the operator's time passes, on an API that answers at once. @defaultValue 10 */
	readonly speed?: number;
	/** What runs registries; absent: {@link LightPlanes}. */
	readonly actuator?: RegistryActuator;
	/** Whether no operator runs before {@link World.restart}. @defaultValue false */
	readonly asleep?: boolean;
	/** Whether the operator's watches last seconds, and not minutes. @defaultValue false */
	readonly shortWatches?: boolean;
	/** Whether every version of every resource is judged. @defaultValue true */
	readonly watched?: boolean;
}

/** A request of the operator's that changes something, as the API server saw it come. */
export interface AskedWrite {
	readonly method: string;
	readonly path: string;
}

/** A Kubernetes API over HTTP, data planes, and operators between them, one after the other. */
export interface World extends AsyncDisposable {
	/** As the owners of resources have it: no fault befalls it. */
	readonly user: KubeClient;
	/** How they reach it. */
	readonly owners: KubeConnection;
	readonly planes: LightPlanes;
	readonly timing: HurriedTiming;
	readonly watcher: StatusWatcher;
	/** What befalls the operator's requests; the operator's alone. */
	faults: Faults;
	/** How far the wall clocks of operators are ahead of everybody else's, milliseconds. 0 at first. */
	clockAheadMs: number;
	/** Told of each effect of the operator's, before it is itself. */
	onEffect: (effect: Effect) => void;
	/** Requests of all operators so far that ask for a change, those for events and leases left out. */
	readonly asked: AskedWrite[];
	/** All of their requests. */
	readonly requests: { count: number };
	/** Effects of all operators so far. */
	readonly effects: Effect[];
	/** Secrets that were made, in plain text. */
	readonly minted: readonly string[];
	/** Lines of all operators' logs. */
	readonly logged: readonly string[];
	readonly running: StartedControllers;
	/** What is not yet known to the operator that runs of data planes that serve, one sentence each. */
	unseen(): readonly string[];
	/** Resolves when no call of the operator's is under way, and none follows at once. */
	atRest(): Promise<void>;
	/** Whether the operator was killed and nobody began another one. */
	readonly isDown: boolean;
	/** Nothing that the operator does from now on has an effect. */
	kill(): void;
	/**
	 * It is later by so many milliseconds at once, as soon as the operator knows what there is: one that has waited for
	 * that for minutes would give up.
	 */
	leap(ms: number): Promise<void>;
	/** Begins another operator, which knows nothing of the one before; ends that one first. */
	restart(): Promise<void>;
}

const OPERATOR = "limani-operator";

/** Opens a world with all definitions and an operator that runs. */
export const openWorld = async (opts: WorldOpts = {}): Promise<World> => {
	const { seed = 1, speed = 10, watched = true } = opts;
	await using opening = new AsyncDisposableStack();
	const failures: string[] = [];
	const asked: AskedWrite[] = [];
	const requests = { count: 0 };
	const api = opening.use(
		await openWorldApi({
			report: (message, error) => failures.push(`${message}: ${String(error)}`),
			faults: {
				request: (request) => {
					if (request.userAgent !== OPERATOR) return undefined;
					const { method, path, plural } = request;
					requests.count++;
					if (method !== "GET" && plural !== "events" && plural !== "leases") asked.push({ method, path });
					return world.faults.request?.(request);
				},
				watch: (request) => (request.userAgent === OPERATOR ? world.faults.watch?.(request) : undefined),
			},
		}),
	);
	const user = opening.use(new RestClient({ connection: api.owners, timing: systemTiming }, { userAgent: "owners" }));
	// A watch that says nothing more is noticed when it does not end in time.
	const watchSeconds = opts.shortWatches === true ? { min: 1, max: 3 } : undefined;
	const quick = { userAgent: OPERATOR, timeoutMs: 3_000, pingMs: 500, silenceMs: 1_500, watchSeconds };
	const rest = opening.use(new RestClient({ connection: api.operator, timing: systemTiming }, quick));
	await applyDefinitions(user, AbortSignal.timeout(30_000));
	await eventually(() => unservedKinds(user));
	const watcher = opening.use(new StatusWatcher());
	if (watched) await watcher.watch(user);
	const timing = new HurriedTiming({ random: seededRandom(seed), speed: speed * api.pace });
	const planes = opening.use(new LightPlanes());
	const minted: string[] = [];
	const { logged, logger } = memoryLogger();
	const born = () => {
		const life = new Life((effect) => {
			world.effects.push(effect);
			world.onEffect(effect);
		});
		const ending = new AbortController();
		const started = startControllers(
			{
				client: life.client(rest),
				actuator: opts.actuator ?? planes.actuator(life),
				logger,
				timing,
				now: () => timing.now() + world.clockAheadMs,
				newId: () => randomBytes(8).toString("hex"),
				randomBytes: (size) => {
					const bytes = randomBytes(size);
					minted.push(bytes.toString("base64url"));
					return bytes;
				},
				meters: controllerMetrics(new MetricsRegistry()),
				holder: "operator",
				leads: () => !life.over,
				hashPassword: async () => PASSWORD_HASH,
			},
			{ allSecrets: true },
			ending.signal,
		);
		const ended = started.ended.catch((error) => void failures.push(String(error)));
		return {
			life,
			started,
			end: async () => {
				life.end();
				ending.abort();
				await ended;
			},
		};
	};
	let present: ReturnType<typeof born> | undefined;
	const world: World = {
		user,
		owners: api.owners,
		planes,
		timing,
		watcher,
		faults: {},
		clockAheadMs: 0,
		onEffect: () => undefined,
		asked,
		requests,
		effects: [],
		minted,
		logged,
		get running() {
			if (present === undefined) throw new Error("no operator runs");
			return present.started;
		},
		// With the first look it learns what there is; before the second it has learned it.
		unseen: () =>
			planes.serving
				.filter((key) => (present?.life.looks.get(key) ?? 0) < 2)
				.map((key) => `the data plane of ${key} was not looked at`),
		atRest: async () => {
			for (let calm = 0; calm < 3; calm = (present?.life.underway ?? 0) === 0 ? calm + 1 : 0) await sleep(2);
		},
		get isDown() {
			return present?.life.over ?? true;
		},
		kill: () => present?.life.end(),
		leap: async (ms) => {
			const stores = Object.entries<ObjectStore | undefined>({ ...world.running.stores });
			await eventually(async () => stores.flatMap(([name, store]) => (store?.synced === false ? [name] : [])));
			timing.leap(ms);
		},
		restart: async () => {
			await present?.end();
			present = born();
		},
		[Symbol.asyncDispose]: () => open.disposeAsync(),
	};
	if (opts.asleep !== true) present = born();
	opening.defer(async () => {
		await present?.end();
		if (failures.length > 0) throw new Error(`behind the operators' backs: ${failures.join("; ")}`);
	});
	const open = opening.move();
	return world;
};

const memoryLogger = () => {
	const logged: string[] = [];
	const stream = new Writable({
		write: (chunk, _encoding, done) => {
			logged.push(String(chunk));
			done();
		},
	});
	const logger = winston.createLogger({ level: "debug", transports: [new winston.transports.Stream({ stream })] });
	return { logged, logger };
};

/** What a test does in a world. When its end fails as well as what it does, both are told. */
export const inWorld =
	<Context>(run: (t: Context) => Promise<void>) =>
	async (t: Context): Promise<void> => {
		try {
			await run(t);
		} catch (error) {
			if (!(error instanceof SuppressedError)) throw error;
			throw new Error(`${String(error.suppressed)}\nand in the end: ${String(error.error)}`, {
				cause: error,
			});
		}
	};

/**
 * Looks until there is nothing left to say against it.
 *
 * @param judge what is not yet so, one sentence each
 * @throws Error with the last that was said, after `ms`
 */
export const eventually = async (judge: () => Promise<readonly string[]>, ms = 60_000): Promise<void> => {
	const end = performance.now() + ms;
	for (;;) {
		const faults = await judge();
		if (faults.length === 0) return;
		if (performance.now() > end) throw new Error(`after ${ms} ms:\n${faults.join("\n")}`);
		await sleep(25);
	}
};
