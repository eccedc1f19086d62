import type { Answer } from "./answer.ts";
import type { Authorizer } from "./auth/authorizer.ts";
import { type Challenge, parseChallenges } from "./auth/challenge.ts";
import { errorOf, readFailure, saysAbsent } from "./read-failure.ts";
import { RemoteError } from "./remote-error.ts";
import { Retry, type RetryOpts, retrying } from "./retry.ts";
import { nameOf, type Wire, type WireRequest } from "./wire.ts";

/** A request to the registry itself. */
export interface SessionRequest extends WireRequest {
	/** What a token for it must allow, such as `repository:team/app:pull`. */
	readonly scopes: readonly string[];
}

/** What a {@link Session} stands on. */
export interface SessionDeps {
	readonly wire: Wire;
	readonly authorizer: Authorizer;
}

/** One registry, asked over and over: shows credentials, tries again what may pass, and knows what a 404 of it means. */
export class Session {
	readonly #deps: SessionDeps;
	readonly #retry: RetryOpts;
	/** Origin of the registry. */
	readonly origin: URL;
	#known: Promise<void> | undefined;

	constructor(deps: SessionDeps, origin: URL, retry: RetryOpts) {
		this.#deps = deps;
		this.origin = origin;
		this.#retry = retry;
	}

	/** A new count of attempts. */
	newRetry(): Retry {
		return new Retry(this.#deps.wire.timing, this.#retry);
	}

	/**
	 * The answer, which is not 401, 408, 429 or 5xx: those are tried again, and then thrown.
	 *
	 * @throws RemoteError
	 */
	send(request: SessionRequest, signal: AbortSignal): Promise<Answer> {
		return retrying(this.newRetry(), () => this.sendOnce(request, signal), signal);
	}

	/** As {@link send}, but for the attempts: what may pass is thrown as a TransientError. */
	async sendOnce(request: SessionRequest, signal: AbortSignal): Promise<Answer> {
		await this.#know(signal);
		return judged(await this.#sendWithLogin(request, signal));
	}

	/** Where the registry sends its clients for tokens; undefined: nowhere. @throws RemoteError */
	async realm(signal: AbortSignal): Promise<URL | undefined> {
		await retrying(this.newRetry(), () => this.#know(signal), signal);
		return this.#deps.authorizer.realm;
	}

	/** A request to elsewhere, where a registry's answer leads: nobody there is shown credentials. */
	async sendElsewhere(request: WireRequest, signal: AbortSignal): Promise<Answer> {
		if (request.url.origin === this.origin.origin)
			return judged(await this.#sendWithLogin({ scopes: [], ...request }, signal));
		return judged(await this.#deps.wire.send(request, signal));
	}

	/**
	 * Whether an answer to anything but HEAD says that the thing is not there. Its body is read then.
	 *
	 * @throws RemoteError where it is no success and does not say so
	 */
	async saysAbsent(answer: Answer): Promise<boolean> {
		if (answer.status < 300) return false;
		const failure = await readFailure(answer);
		if (answer.status === 404 && saysAbsent(failure)) return true;
		throw errorOf(answer, failure);
	}

	async #sendWithLogin(request: SessionRequest, signal: AbortSignal): Promise<Answer> {
		const { wire, authorizer } = this.#deps;
		const { scopes } = request;
		const sent = await authorizer.header(scopes, signal);
		const answer = await wire.send(withHeader(request, sent), signal);
		if (answer.status !== 401) return answer;
		const challenges = challengesOf(answer);
		const another = await authorizer.another(challenges, scopes, sent, signal).catch(async (error: unknown) => {
			await answer.discard();
			throw error;
		});
		if (another === undefined) return answer;
		await answer.discard();
		return await wire.send(withHeader(request, another), signal);
	}

	/** Asks once whether this is a registry at all, and how it wants to be asked. */
	async #know(signal: AbortSignal): Promise<void> {
		this.#known ??= this.#introduce(signal);
		const known = this.#known;
		try {
			await known;
		} catch (error) {
			if (this.#known === known) this.#known = undefined;
			signal.throwIfAborted();
			// Whoever asked first may have given up: that is no failure of the others.
			if (error instanceof RemoteError) throw error;
			await this.#know(signal);
		}
	}

	/** `/v2/` answers 200, or 401 with a challenge (distribution specification, "Determining Support"). */
	async #introduce(signal: AbortSignal): Promise<void> {
		const url = new URL("/v2/", this.origin);
		const answer = await this.#deps.wire.send({ method: "GET", url }, signal);
		const { status, mediaType } = answer;
		const challenges = challengesOf(answer);
		if (status === 401 && challenges.length > 0) this.#deps.authorizer.challenged(challenges);
		else if (status !== 200 || mediaType === "text/html") {
			const failure = await readFailure(answer);
			if (isTransient(status) || status === 403 || status === 401) throw errorOf(answer, failure);
			throw new RemoteError("INVALID", `${nameOf(url)} was answered by ${status}: this is no registry`);
		}
		await answer.discard();
	}
}

const challengesOf = (answer: Answer): readonly Challenge[] => parseChallenges(answer.header("www-authenticate"));

const withHeader = (request: WireRequest, authorization: string | undefined): WireRequest =>
	authorization === undefined ? request : { ...request, headers: { ...request.headers, authorization } };

const isTransient = (status: number): boolean => status === 408 || status === 429 || status >= 500;

const judged = async (answer: Answer): Promise<Answer> => {
	if (isTransient(answer.status) || answer.status === 401) throw errorOf(answer, await readFailure(answer));
	return answer;
};
