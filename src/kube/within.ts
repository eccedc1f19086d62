import type { Timing } from "#/lib/timing.ts";
import { untilAborted } from "#/lib/until-aborted.ts";
import { KubeError } from "./kube-error.ts";

/**
 * What `work` comes to, if it does in time; otherwise its signal is aborted and its outcome dropped.
 *
 * @throws KubeError UNAVAILABLE when it took longer than `ms`
 */
export const within = async <T>(
	timing: Pick<Timing, "sleep">,
	ms: number,
	signal: AbortSignal,
	work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
	const ending = new AbortController();
	const timer = new AbortController();
	const follow = () => ending.abort(signal.reason);
	if (signal.aborted) follow();
	signal.addEventListener("abort", follow, { once: true });
	timing.sleep(ms, timer.signal).then(
		() => ending.abort(new KubeError("UNAVAILABLE", `no answer within ${Math.round(ms)} ms`)),
		() => {},
	);
	try {
		return await untilAborted(ending.signal, () => work(ending.signal));
	} finally {
		timer.abort();
		signal.removeEventListener("abort", follow);
	}
};
