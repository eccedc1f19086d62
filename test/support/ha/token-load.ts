import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { digestOf } from "#/oci/digest.ts";
import { type Answer, HttpClient } from "../http-client.ts";
import { ADMIN_AUTHORIZATION } from "../limani-process.ts";
import { pick, type Random, seededRandom } from "../seeded-random.ts";
import { pushBlob } from "./ask.ts";
import type { Replica } from "./replica.ts";

/** A token, and the key that signed it. */
export interface FetchedToken {
	readonly kid: string;
	readonly token: string;
	/** When it came, milliseconds since the epoch. */
	readonly at: number;
}

const REPOSITORY = "team/tokens";
const BLOB = Buffer.from("what every token of this load may pull");
/** A client rests so long after it has got a token, milliseconds. */
const REST_MS = 150;
const HANG_MS = 240_000;

const tokenAnswer = z.object({ token: z.string() });
const header = z.object({ kid: z.string() });

/**
 * Clients that get tokens from one replica and use them at each of the others, the newest and an older one, all the time.
 * Nothing is ever repeated, and every answer has to be yes; none may come from a replica that is killed, alone.
 */
export class TokenLoad implements Disposable {
	/** Every token that was got, oldest first. */
	readonly fetched: FetchedToken[] = [];
	/** How often a replica took a token of that key. */
	readonly taken = new Map<Replica, Map<string, number>>();
	/** Tokens that are on their way to a replica which has not answered yet. */
	readonly pending = new Map<Replica, string[]>();
	readonly #replicas: readonly Replica[];
	readonly #away = new Set<Replica>();
	readonly #halted = new Set<Replica>();
	readonly #uses = new Set<Promise<void>>();
	readonly #failure = Promise.withResolvers<never>();
	#isOver = false;
	#running: Promise<unknown> = Promise.resolve();

	private constructor(replicas: readonly Replica[]) {
		this.#replicas = replicas;
		this.#failure.promise.catch(() => {
			this.#isOver = true;
		});
	}

	/** Pushes what is pulled, and lets them begin. */
	static async open(replicas: readonly [Replica, ...Replica[]], seed: number): Promise<TokenLoad> {
		await pushBlob(replicas[0].url, REPOSITORY, BLOB);
		const load = new TokenLoad(replicas);
		load.#running = Promise.all(replicas.map((issuer, n) => load.#goOn(issuer, seededRandom(seed * 31 + n))));
		return load;
	}

	/** Waits for what happens beside the clients. @throws what they found wrong, as soon as they do */
	beside<T>(what: Promise<T>): Promise<T> {
		return Promise.race([what, this.#failure.promise]);
	}

	/** Waits until so many more tokens were got. @throws what was wrong */
	async more(count: number): Promise<void> {
		const from = this.fetched.length;
		while (this.fetched.length < from + count) await this.beside(sleep(20));
	}

	/** From now on nothing is asked of a replica, and what it was asked may stay without an answer. */
	leave(replica: Replica): void {
		this.#away.add(replica);
	}

	/** It has to answer again. */
	join(replica: Replica): void {
		this.#away.delete(replica);
	}

	/** It stands still: what it reads when it wakes may have been on its way for too long (408). */
	halt(replica: Replica): void {
		this.#halted.add(replica);
	}

	/** Ends them, once all is answered. @throws what was wrong */
	async stop(): Promise<void> {
		this.#isOver = true;
		await this.beside(this.#running);
		await this.beside(Promise.all(this.#uses));
	}

	/** Ends them, whatever they were at. */
	[Symbol.dispose](): void {
		this.#isOver = true;
	}

	async #goOn(issuer: Replica, random: Random): Promise<void> {
		while (!this.#isOver) {
			await this.#round(issuer, random).catch(this.#failure.reject);
			await sleep(REST_MS * (0.5 + random()));
		}
	}

	async #round(issuer: Replica, random: Random): Promise<void> {
		const token = await this.#fetch(issuer);
		if (token === undefined) return;
		this.fetched.push(token);
		for (const replica of this.#replicas) {
			for (const each of [token, pick(random, [token, ...this.fetched])]) this.#begin(replica, each);
		}
	}

	#begin(replica: Replica, token: FetchedToken): void {
		if (this.#away.has(replica)) return;
		const use = this.#use(replica, token)
			.catch(this.#failure.reject)
			.finally(() => this.#uses.delete(use));
		this.#uses.add(use);
	}

	async #use(replica: Replica, { kid, token }: FetchedToken): Promise<void> {
		const pending = this.pending.get(replica) ?? [];
		this.pending.set(replica, pending);
		pending.push(kid);
		const answer = await this.#ask(replica, `/v2/${REPOSITORY}/blobs/${digestOf(BLOB)}`, `Bearer ${token}`);
		pending.splice(pending.indexOf(kid), 1);
		if (answer === undefined) return;
		assert.equal(answer.status, 200, `${replica.name} refuses a token of ${kid}: ${answer.body}`);
		const taken = this.taken.get(replica) ?? new Map<string, number>();
		this.taken.set(replica, taken.set(kid, (taken.get(kid) ?? 0) + 1));
	}

	/** Undefined where the replica was killed meanwhile. */
	async #fetch(issuer: Replica): Promise<FetchedToken | undefined> {
		if (this.#away.has(issuer)) return undefined;
		const path = `/token?service=limani&scope=repository:${REPOSITORY}:pull`;
		const answer = await this.#ask(issuer, path, ADMIN_AUTHORIZATION);
		if (answer === undefined) return undefined;
		assert.equal(answer.status, 200, `${issuer.name} hands out no token: ${answer.body}`);
		const { token } = tokenAnswer.parse(JSON.parse(String(answer.body)));
		const [head = ""] = token.split(".");
		return { kid: header.parse(JSON.parse(String(Buffer.from(head, "base64url")))).kid, token, at: Date.now() };
	}

	async #ask(replica: Replica, path: string, authorization: string): Promise<Answer | undefined> {
		const deaths = replica.deaths.length;
		using client = new HttpClient(replica.url, authorization, HANG_MS, false);
		const answer = await client.call({ method: "GET", path });
		const mayBeNone = this.#away.has(replica) || replica.deaths.length > deaths;
		assert.ok(answer !== undefined || mayBeNone, `${replica.name} did not answer GET ${path}`);
		return answer?.status === 408 && this.#halted.has(replica) ? undefined : answer;
	}
}

/** Whether a replica takes a token. */
export const takes = async ({ url }: Replica, { token }: FetchedToken): Promise<number> => {
	using client = new HttpClient(url, `Bearer ${token}`, HANG_MS, false);
	const path = `/v2/${REPOSITORY}/blobs/${digestOf(BLOB)}`;
	return (await client.call({ method: "GET", path }))?.status ?? assert.fail(`${url}: no answer`);
};
