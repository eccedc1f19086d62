// Clients that push with retries while the registry is killed and started again, and what must be true afterwards.
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FILE_SIZES, randomContent, type SizeBounds } from "./blob-pusher.ts";
import { checkLedger } from "./check-ledger.ts";
import { freePort } from "./free-ports.ts";
import { HttpClient } from "./http-client.ts";
import { ImagePusher } from "./image-pusher.ts";
import { COMPILE_CACHE, limaniCommand } from "./limani-command.ts";
import { ADMIN_AUTHORIZATION, type LimaniOpts, type LimaniProcess, spawnLimani } from "./limani-process.ts";
import { ProcessLives, signal } from "./process-lives.ts";
import type { Lives, RepositoryLedger } from "./push-ledger.ts";
import { RetryingClient, Stopped } from "./retrying-client.ts";
import { type Random, randomBelow, seededRandom } from "./seeded-random.ts";

/** How a run goes. */
export interface CrashRunOpts {
	readonly seed: number;
	/** How long clients push and the registry is killed, in seconds. */
	readonly seconds: number;
	readonly dataDir: string;
	/** Keys of the registry's configuration. */
	readonly config?: Readonly<Record<string, unknown>>;
	/** @defaultValue {@link FILE_SIZES} */
	readonly sizes?: SizeBounds;
	/**
	 * How many bytes lie in the store, finished or not.
	 *
	 * @defaultValue those of the files in the data directory
	 */
	readonly storedBytes?: () => Promise<number>;
	/**
	 * Hurts the registry or what it stands on, once.
	 *
	 * @defaultValue kills the first process
	 */
	readonly injure?: (limani: LimaniProcess, random: Random) => Promise<void>;
}

/** What a run came to. */
export interface CrashFigures {
	readonly kills: number;
	/** Pushes, moves and deletes that were acknowledged. */
	readonly acknowledged: number;
	/** Requests. */
	readonly sent: number;
	readonly unanswered: number;
	readonly manifests: number;
	readonly tags: number;
	readonly blobs: number;
}

const PUSHERS = 6;

/** When a client takes a connection for dead, in milliseconds: one may be in the hands of a process that was killed. */
const HANG_MS = 15_000;

/** The registry while it is being killed: quick to take up what a dead process left. */
const HASTY = {
	limits: { uploadLease: "1500ms", drain: "2s", uploadIdle: "90s" },
	housekeeping: { sweepInterval: "500ms", sweepClaim: "3s", journalLease: "1s" },
};

/** The registry afterwards: quick to clear away what nobody will go on with. */
const SETTLING = {
	limits: { uploadLease: "1s", uploadIdle: "1s" },
	housekeeping: { sweepInterval: "200ms", staleIntent: "1s", sweepClaim: "1s", journalLease: "1s" },
};

/** A registry on which nothing works any more but what was acknowledged; dispose it when done. */
export interface SettledRegistry extends AsyncDisposable {
	readonly limani: LimaniProcess;
	readonly ledgers: readonly RepositoryLedger[];
	readonly figures: CrashFigures;
	/** Compares everything with what the clients were told; the registry may be another by now. @throws Violation */
	check(url: string): Promise<Pick<CrashFigures, "manifests" | "tags" | "blobs">>;
}

/** Pushes and kills for a while, then checks everything. @throws Violation and AssertionError when something is wrong */
export const crashRun = async (opts: CrashRunOpts): Promise<SettledRegistry> => {
	const { dataDir, config } = opts;
	const port = await freePort();
	// A process that is killed adds nothing to the cache; this one does.
	await limaniCommand(dataDir, "verify", "--help");
	const environment = COMPILE_CACHE;
	const attacked = new Attacked({ dataDir, port, config: overlay(config, HASTY), environment }, opts);
	const clients = await attacked.run();
	await using opening = new AsyncDisposableStack();
	const limani = opening.use(await spawnLimani({ dataDir, port, config: overlay(config, SETTLING), environment }));
	await limani.ready();
	await clients.goOn();
	await settle(dataDir, opts.storedBytes ?? (() => fileBytes(join(dataDir, "stores", "default"))));
	const check = (url: string) => checkAll(url, clients.ledgers);
	const checked = await check(limani.url);
	const resources = opening.move();
	return {
		limani,
		ledgers: clients.ledgers,
		figures: { kills: attacked.kills, ...clients.figures, ...checked },
		check,
		[Symbol.asyncDispose]: () => resources.disposeAsync(),
	};
};

type Sections = Readonly<Record<string, unknown>>;

/** Keys of a configuration over those of another, section by section. */
const overlay = (config: Sections = {}, over: Readonly<Record<string, Sections>>): Sections => {
	const merged: Record<string, unknown> = { ...config };
	for (const [name, section] of Object.entries(over)) merged[name] = { ...Object(merged[name]), ...section };
	return merged;
};

/** A registry under attack, and its clients. */
class Attacked {
	readonly #process: LimaniOpts & { readonly port: number };
	readonly #opts: CrashRunOpts;
	readonly #lives = new ProcessLives();
	#isOver = false;
	kills = 0;

	constructor(process: LimaniOpts & { readonly port: number }, opts: CrashRunOpts) {
		this.#process = process;
		this.#opts = opts;
	}

	async run(): Promise<{
		readonly ledgers: readonly RepositoryLedger[];
		/** Lets every client do a few things more, to which the registry must say yes in good time. */
		goOn(): Promise<void>;
		readonly figures: Pick<CrashFigures, "acknowledged" | "sent" | "unanswered">;
	}> {
		const random = seededRandom(this.#opts.seed);
		const { pushers, clients } = openPushers(`http://127.0.0.1:${this.#process.port}`, {
			random,
			sizes: this.#opts.sizes ?? FILE_SIZES,
			lives: this.#lives,
			isOver: () => this.#isOver,
		});
		const killing = this.#kill(random).finally(() => {
			this.#isOver = true;
		});
		const pushing = pushers.map(async (pusher) => {
			try {
				while (!this.#isOver) await pusher.step();
			} catch (error) {
				this.#isOver = true;
				if (!(error instanceof Stopped)) throw error;
			}
		});
		const outcomes = await Promise.allSettled([killing, ...pushing]);
		for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
		const sum = <T>(of: readonly T[], count: (one: T) => number): number =>
			of.reduce((all, one) => all + count(one), 0);
		return {
			ledgers: pushers.flatMap(({ ledgers }) => ledgers),
			goOn: async () => {
				this.#isOver = false;
				await Promise.all(
					pushers.map(async (pusher) => {
						for (let i = 0; i < 3; i++) await pusher.step();
					}),
				);
			},
			figures: {
				acknowledged: sum(pushers, ({ acknowledged }) => acknowledged),
				sent: sum(clients, ({ sent }) => sent),
				unanswered: sum(clients, ({ unanswered }) => unanswered),
			},
		};
	}

	/** Starts the registry, hurts it at some instant, perhaps while it starts, and ends all of it now and then. */
	async #kill(random: Random): Promise<void> {
		const end = performance.now() + this.#opts.seconds * 1000;
		while (performance.now() < end && !this.#isOver) {
			await using limani = await spawnLimani(this.#process);
			if (random() < 0.85) await limani.ready();
			// Several blows in one life, where what is hit is not the whole of it.
			do {
				await sleep(randomBelow(random, random() < 0.3 ? 300 : 2500));
				this.#lives.look(limani);
				await this.#injure(limani, random);
				this.kills += 1;
			} while (isAlive(limani) && random() < 0.7 && performance.now() < end && !this.#isOver);
			this.#lives.look(limani);
			await limani.stop("SIGKILL");
			this.#lives.end(random() < 0.5);
		}
		await this.#lives.allEnded();
	}

	async #injure(limani: LimaniProcess, random: Random): Promise<void> {
		if (this.#opts.injure === undefined) limani.child.kill("SIGKILL");
		else await this.#opts.injure(limani, random);
	}
}

interface PushersOpts {
	readonly random: Random;
	readonly sizes: SizeBounds;
	readonly lives: Lives;
	readonly isOver: () => boolean;
}

const openPushers = (
	url: string,
	{ random, sizes, lives, isOver }: PushersOpts,
): { readonly pushers: readonly ImagePusher[]; readonly clients: readonly RetryingClient[] } => {
	const common = Array.from({ length: 40 }, () => randomContent(random, sizes));
	const clients = Array.from({ length: PUSHERS }, () => {
		const http = new HttpClient(url, ADMIN_AUTHORIZATION, HANG_MS);
		return new RetryingClient({ http, lives, patienceMs: 4 * HANG_MS, isOver });
	});
	const pushers = clients.map((client, index) => {
		const repositories = [`team/p${index}/a`, `team/p${index}/b`] as const;
		const own = seededRandom(randomBelow(random, 2 ** 31));
		return new ImagePusher({ client, repositories, common, sizes, random: own });
	});
	return { pushers, clients };
};

const isAlive = ({ child }: LimaniProcess): boolean => child.exitCode === null && child.signalCode === null;

/** Lets a process stand still for longer than it may hold an upload, and then go on. */
export const pause = async (pid: number, random: Random): Promise<void> => {
	signal(pid, "SIGSTOP");
	await sleep(1500 + randomBelow(random, 1500));
	signal(pid, "SIGCONT");
};

/** Waits until what nobody goes on with is gone, and every stored byte is known and right. */
export const settle = async (dataDir: string, storedBytes: () => Promise<number>): Promise<void> => {
	const deadline = performance.now() + 60_000;
	for (;;) {
		await sleep(500);
		const { code, output } = await limaniCommand(dataDir, "verify", "--full");
		const stored = await storedBytes();
		const known = Number(/ (\d+) bytes,/.exec(output)?.[1]);
		if (code === 0 && stored === known) return;
		assert.ok(performance.now() < deadline, `verify ended with ${code}, ${stored} bytes are stored:\n${output}`);
	}
};

/** Bytes under a filesystem store's root, finished or not. */
const fileBytes = async (root: string): Promise<number> =>
	["data", "staged"]
		.flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
		.filter((entry) => entry.isFile())
		.reduce((sum, { parentPath, name }) => {
			return sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0);
		}, 0);

/** Compares everything with what clients were told. @throws Violation */
export const checkAll = async (
	url: string,
	ledgers: readonly RepositoryLedger[],
): Promise<Pick<CrashFigures, "manifests" | "tags" | "blobs">> => {
	using http = new HttpClient(url, ADMIN_AUTHORIZATION);
	const lives = { current: 0, dead: -1 };
	const client = new RetryingClient({ http, lives, patienceMs: 30_000, isOver: () => false });
	const sums = { manifests: 0, tags: 0, blobs: 0 };
	for (const ledger of ledgers) {
		const { manifests, tags, blobs } = await checkLedger(client, ledger);
		sums.manifests += manifests;
		sums.tags += tags;
		sums.blobs += blobs;
	}
	return sums;
};
