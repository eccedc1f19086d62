/** Settles as `work` does, or rejects with the signal's reason if that comes first; what was begun goes on. */
export async function abortable<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
	signal.throwIfAborted();
	const { promise, reject } = Promise.withResolvers<never>();
	const abort = () => reject(signal.reason);
	signal.addEventListener("abort", abort, { once: true });
	try {
		return await Promise.race([work(), promise]);
	} finally {
		signal.removeEventListener("abort", abort);
	}
}
