import type { Counter, Histogram } from "prom-client";
import type { BlobStore } from "#/storage/blob-store.ts";

/** Where the calls of all stores are counted. */
export interface StoreMeters {
	/** Labels: driver, operation. */
	readonly seconds: Histogram<"driver" | "operation">;
	/** Labels: driver, operation, code. */
	readonly failures: Counter<"driver" | "operation" | "code">;
}

const TIMED: ReadonlySet<PropertyKey> = new Set(["stat", "open", "write", "resume", "delete", "presign"]);

/** The same store, with each call timed and each failure counted. Everything else passes through. */
export const meteredStore = <S extends BlobStore>(store: S, meters: StoreMeters): S =>
	new Proxy(store, {
		get(target, property) {
			const member: unknown = Reflect.get(target, property, target);
			if (typeof member !== "function") return member;
			if (!TIMED.has(property)) return member.bind(target);
			return async (...call: unknown[]) => {
				const labels = { driver: target.driver, operation: String(property) };
				const stop = meters.seconds.startTimer(labels);
				try {
					return await Reflect.apply(member, target, call);
				} catch (error) {
					meters.failures.inc({ ...labels, code: codeOf(error) });
					throw error;
				} finally {
					stop();
				}
			};
		},
	});

/** A code of ours, or one word for everything else: the label stays bounded. */
export const codeOf = (error: unknown): string => {
	const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
	return /^[A-Z_]{2,30}$/.test(code) ? code : "other";
};
