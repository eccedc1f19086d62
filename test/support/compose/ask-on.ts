import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../eventually.ts";
import { HttpClient } from "../http-client.ts";

/** A client that asks for the same thing, over and over, and repeats nothing. */
export interface AskingClient extends Disposable {
	/** How many answers it got that were right. */
	readonly answered: number;
	/** What it got else: statuses, or `broken`. */
	readonly failed: readonly string[];
	/** Waits for so many more of either. */
	more(count: number): Promise<void>;
	stop(): Promise<void>;
}

const REST_MS = 50;
const HANG_MS = 30_000;

/** Asks until it is stopped, each time on a connection of its own. */
export const askOnAndOn = (url: string, password: string): AskingClient => {
	const { origin, pathname } = new URL(url);
	const client = new HttpClient(origin, `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`, HANG_MS, false);
	const failed: string[] = [];
	let answered = 0;
	let isOver = false;
	const asking = (async () => {
		while (!isOver) {
			const answer = await client.call({ method: "GET", path: pathname });
			if (answer?.status === 200) answered += 1;
			else failed.push(answer === undefined ? "broken" : String(answer.status));
			await sleep(REST_MS);
		}
	})();
	return {
		get answered() {
			return answered;
		},
		failed,
		more: async (count) => {
			const wanted = answered + failed.length + count;
			await eventually(() => {
				if (answered + failed.length < wanted) throw new Error("it is not answered any more");
			});
		},
		stop: async () => {
			isOver = true;
			await asking;
		},
		[Symbol.dispose]: () => {
			isOver = true;
			client[Symbol.dispose]();
		},
	};
};
