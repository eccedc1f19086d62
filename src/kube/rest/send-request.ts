import type { Agent, Dispatcher } from "undici";
import { untilAborted } from "#/lib/until-aborted.ts";

/** How long the answer to a request that was given up is still waited for, milliseconds. */
const LINGER_MS = 10_000;

/**
 * Sends a request; its answer as soon as the head is there. When the signal is aborted, whoever waits is told at once,
 * and a body that is still coming ends.
 *
 * A request without an answer is not called back then, for of a stream of HTTP/2 that is destroyed before all of it went
 * out Node does not tell the server: the answer becomes a stream that nobody knows, which ends the process together with
 * its connection, and a body that was still to be sent is looked for forever. So the request takes its course, and the
 * answer is thrown away. Only one that is still not answered after a while is called back: it has long gone out, or its
 * connection is dead.
 */
export const sendRequest = (
	agent: Pick<Agent, "request">,
	request: Omit<Dispatcher.RequestOptions, "signal">,
	signal: AbortSignal,
): Promise<Dispatcher.ResponseData> =>
	untilAborted(signal, async () => {
		using lingering = new Lingering(signal);
		const response = await agent.request({ ...request, signal: lingering.signal });
		endWith(signal, response.body);
		return response;
	});

const endWith = (signal: AbortSignal, body: Dispatcher.ResponseData["body"]): void => {
	const end = () => body.destroy(signal.reason);
	// Whoever reads the body hears of a break; where nobody does, it is nobody's failure, and must not end the process.
	body.on("error", () => undefined);
	if (signal.aborted) {
		end();
		return;
	}
	signal.addEventListener("abort", end, { once: true });
	body.once("close", () => signal.removeEventListener("abort", end));
};

/** Follows another signal after a while. */
class Lingering implements Disposable {
	readonly #controller = new AbortController();
	readonly #parent: AbortSignal;
	#timer: NodeJS.Timeout | undefined;
	readonly #follow = () => {
		this.#timer = setTimeout(() => this.#controller.abort(this.#parent.reason), LINGER_MS).unref();
	};

	constructor(parent: AbortSignal) {
		this.#parent = parent;
		parent.addEventListener("abort", this.#follow, { once: true });
	}

	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	[Symbol.dispose](): void {
		clearTimeout(this.#timer);
		this.#parent.removeEventListener("abort", this.#follow);
	}
}
