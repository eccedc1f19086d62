import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Deadline } from "#/lib/deadline.ts";
import { toJson } from "./check-input.ts";
import { CONTRACT, type Operation } from "./contract.ts";
import type {
	Applied,
	CollectionTotals,
	Control,
	ExplainOutcome,
	HistoryPage,
	RestoreOutcome,
	RunOutcome,
	UsagePage,
} from "./control.ts";
import { ControlError } from "./control-error.ts";
import { readAnswer } from "./read-answer.ts";

/** Where a data plane listens for control, and what it trusts. */
export interface RemoteControlOpts {
	/** Origin of the control port, e.g. `https://registry-control.team-a.svc:7443`; http on loopback alone. */
	readonly url: string;
	/** The registry's control token, sent as a bearer. */
	readonly token: string;
	/** PEM certificates to trust; absent: those of the system. */
	readonly ca?: string;
	/** Milliseconds until an unanswered call is given up. @defaultValue 30000 */
	readonly timeoutMs?: number;
	/** Milliseconds until a run is given up; a peer that died is noticed earlier. @defaultValue 900000 */
	readonly runTimeoutMs?: number;
}

type Input<N extends keyof Control> = Parameters<Control[N]>[0];

/** After so many milliseconds of silence the connection is probed, so that a peer that died is noticed. */
const PROBE_AFTER_MS = 15_000;

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]", "localhost"]);

/** A {@link Control} at the other end of a connection. Redirects are never followed, so that the token stays put. */
export class RemoteControl implements Control, Disposable {
	readonly #url: URL;
	readonly #token: string;
	readonly #timeoutMs: number;
	readonly #runTimeoutMs: number;
	readonly #agent: HttpAgent;

	/** @throws ControlError INVALID when the token would travel in the clear */
	constructor({ url, token, ca, timeoutMs, runTimeoutMs }: RemoteControlOpts) {
		this.#url = new URL(url);
		this.#token = token;
		this.#timeoutMs = timeoutMs ?? 30_000;
		this.#runTimeoutMs = runTimeoutMs ?? 900_000;
		const options = { keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS, maxSockets: 4 };
		if (this.#url.protocol === "https:") {
			this.#agent = new HttpsAgent(ca === undefined ? options : { ...options, ca });
		} else if (this.#url.protocol === "http:" && LOOPBACK.has(this.#url.hostname)) {
			this.#agent = new HttpAgent(options);
		} else {
			throw new ControlError("INVALID", `the control token is not sent to ${this.#url.origin}: expected https`);
		}
	}

	begin(input: Input<"begin">, signal: AbortSignal): Promise<{ readonly epoch: number; readonly base: number }> {
		return this.#call(CONTRACT.begin, input, signal);
	}

	apply(input: Input<"apply">, signal: AbortSignal): Promise<Applied> {
		return this.#call(CONTRACT.apply, input, signal);
	}

	resync(input: Input<"resync">, signal: AbortSignal): Promise<Applied> {
		return this.#call(CONTRACT.resync, input, signal);
	}

	observe(input: Input<"observe">, signal: AbortSignal): ReturnType<Control["observe"]> {
		return this.#call(CONTRACT.observe, input, signal);
	}

	usage(input: Input<"usage">, signal: AbortSignal): Promise<UsagePage> {
		return this.#call(CONTRACT.usage, input, signal);
	}

	totals(input: Input<"totals">, signal: AbortSignal): Promise<CollectionTotals> {
		return this.#call(CONTRACT.totals, input, signal);
	}

	archive(input: Input<"archive">, signal: AbortSignal): ReturnType<Control["archive"]> {
		return this.#call(CONTRACT.archive, input, signal);
	}

	history(input: Input<"history">, signal: AbortSignal): Promise<HistoryPage> {
		return this.#call(CONTRACT.history, input, signal);
	}

	restore(input: Input<"restore">, signal: AbortSignal): Promise<RestoreOutcome> {
		return this.#call(CONTRACT.restore, input, signal);
	}

	explain(input: Input<"explain">, signal: AbortSignal): Promise<ExplainOutcome> {
		return this.#call(CONTRACT.explain, input, signal, this.#runTimeoutMs);
	}

	run(input: Input<"run">, signal: AbortSignal): Promise<RunOutcome> {
		return this.#call(CONTRACT.run, input, signal, this.#runTimeoutMs);
	}

	/** Closes the connections; calls under way fail. */
	[Symbol.dispose](): void {
		this.#agent.destroy();
	}

	async #call<In, Out>(
		operation: Operation<In, Out>,
		input: In,
		signal: AbortSignal,
		timeoutMs = this.#timeoutMs,
	): Promise<Out> {
		signal.throwIfAborted();
		const body = toJson(operation, input);
		using deadline = new Deadline(signal, timeoutMs);
		try {
			return await readAnswer(operation, await this.#post(operation.path, body, deadline.signal));
		} catch (cause) {
			signal.throwIfAborted();
			throw unanswered(
				cause,
				`${operation.name}: no answer from ${this.#url.origin}`,
				deadline.passed ? timeoutMs : undefined,
			);
		}
	}

	#post(path: string, body: string, signal: AbortSignal): Promise<IncomingMessage> {
		const send = this.#url.protocol === "https:" ? httpsRequest : httpRequest;
		return new Promise((resolve, reject) => {
			const request = send(new URL(path, this.#url), {
				method: "POST",
				agent: this.#agent,
				signal,
				headers: {
					Authorization: `Bearer ${this.#token}`,
					"Content-Type": "application/json",
					"Content-Length": Buffer.byteLength(body),
				},
			});
			// Kept for the request's whole life: it also fails when it is aborted after the answer began.
			request.once("response", resolve).on("error", reject).end(body);
		});
	}
}

const unanswered = (cause: unknown, message: string, timeoutMs: number | undefined): ControlError => {
	if (cause instanceof ControlError) return cause;
	const within = timeoutMs === undefined ? "" : ` within ${timeoutMs} ms`;
	return new ControlError("UNAVAILABLE", `${message}${within}`, { cause });
};
