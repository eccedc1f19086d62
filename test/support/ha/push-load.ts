import { setTimeout as sleep } from "node:timers/promises";
import { randomContent, type SizeBounds } from "../blob-pusher.ts";
import { HttpClient } from "../http-client.ts";
import { ImagePusher } from "../image-pusher.ts";
import { ADMIN_AUTHORIZATION } from "../limani-process.ts";
import type { Lives, RepositoryLedger } from "../push-ledger.ts";
import { RetryingClient, Stopped } from "../retrying-client.ts";
import { randomBelow, seededRandom } from "../seeded-random.ts";

/** How clients push. */
export interface PushLoadOpts {
	readonly url: string;
	readonly lives: Lives;
	readonly seed: number;
	/** @defaultValue 4 */
	readonly pushers?: number;
	/** A pusher rests so long after each step, milliseconds. */
	readonly restMs: number;
}

/** Some of more than one part. */
const SIZES: SizeBounds = [200, 4 * 1024, 70 * 1024, 700 * 1024, 6000 * 1024];

/** When a client takes a connection for dead, milliseconds. */
const HANG_MS = 15_000;

/**
 * Clients that push, move and delete without giving up, and remember what they were told. Each request has a connection
 * of its own, so that the chunks of an upload come to different replicas.
 */
export class PushLoad implements Disposable {
	readonly #restMs: number;
	readonly #clients: readonly RetryingClient[];
	readonly #pushers: readonly ImagePusher[];
	#isOver = false;
	#running: Promise<unknown> | undefined;

	constructor({ url, lives, seed, pushers = 4, restMs }: PushLoadOpts) {
		const random = seededRandom(seed);
		const common = Array.from({ length: 20 }, () => randomContent(random, SIZES));
		this.#restMs = restMs;
		this.#clients = Array.from({ length: pushers }, () => {
			const http = new HttpClient(url, ADMIN_AUTHORIZATION, HANG_MS, false);
			return new RetryingClient({ http, lives, patienceMs: 6 * HANG_MS, isOver: () => this.#isOver });
		});
		this.#pushers = this.#clients.map((client, index) => {
			const repositories = [`team/p${index}/a`, `team/p${index}/b`] as const;
			const own = seededRandom(randomBelow(random, 2 ** 31));
			return new ImagePusher({ client, repositories, common, sizes: SIZES, random: own });
		});
	}

	/** What must be there. */
	get ledgers(): readonly RepositoryLedger[] {
		return this.#pushers.flatMap(({ ledgers }) => ledgers);
	}

	/** What was done so far. */
	get figures() {
		const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
		return {
			acknowledged: sum(this.#pushers.map(({ acknowledged }) => acknowledged)),
			sent: sum(this.#clients.map(({ sent }) => sent)),
			unanswered: sum(this.#clients.map(({ unanswered }) => unanswered)),
		};
	}

	/** Lets them push until {@link stop}; rejects there with what was wrong. */
	start(): void {
		const push = async (pusher: ImagePusher): Promise<void> => {
			try {
				while (!this.#isOver) {
					await pusher.step();
					await sleep(this.#restMs);
				}
			} catch (error) {
				this.#isOver = true;
				if (!(error instanceof Stopped)) throw error;
			}
		};
		this.#running = Promise.all(this.#pushers.map(push));
		this.#running.catch(() => undefined);
	}

	/** Whether something was wrong already. */
	get isOver(): boolean {
		return this.#isOver;
	}

	/** Ends them where they are. @throws Violation */
	async stop(): Promise<void> {
		this.#isOver = true;
		await this.#running;
	}

	/** Ends them, whatever they were at. */
	[Symbol.dispose](): void {
		this.#isOver = true;
	}

	/** Lets each do so many things more, to which the registry must say yes in good time. @throws Violation */
	async goOn(steps: number): Promise<void> {
		this.#isOver = false;
		await Promise.all(
			this.#pushers.map(async (pusher) => {
				for (let i = 0; i < steps; i++) await pusher.step();
			}),
		);
	}
}
