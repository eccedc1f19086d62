// Whether everything that an answer promises was made durable before its first byte left.
import { dirname } from "node:path";
import { isSync, isWrite, type Syscall } from "./syscall-trace.ts";

/** What a request left in the store before it was answered: a piece of a blob, a whole one, or nothing. */
export type Stored = "piece" | "whole" | "nothing";

/** A request over a connection of its own. */
export interface Act {
	/** The client's port. */
	readonly port: number;
	readonly stored: Stored;
}

/**
 * What the answer to `act` promised without having made it durable, in words; empty when nothing. A blob's bytes and
 * names must be durable before the metadata that speaks of them is written, and that before the answer.
 *
 * @throws Error when the trace has no such request, or it was refused
 */
export const brokenPromises = (calls: readonly Syscall[], dataDir: string, act: Act): readonly string[] => {
	const isOurs = (description: string | undefined): boolean => description?.endsWith(`:${act.port}]`) === true;
	const accepted = calls.findLast(({ call, result }) => call === "accept4" && result.endsWith(`:${act.port}]>`));
	const answer = calls.find((call) => isWrite(call) && isOurs(call.on) && call.began > (accepted?.ended ?? Infinity));
	if (accepted === undefined || answer === undefined) throw new Error(`no request from port ${act.port} in the trace`);
	if (answer.texts[0]?.startsWith("HTTP/1.1 2") !== true) throw new Error(`the answer begins ${answer.texts[0]}`);
	const history = new History(calls, answer.began);
	const wal = `${dataDir}/metadata.db-wal`;
	const store = act.stored === "nothing" ? undefined : proveStored(history, dataDir, accepted.ended, act.stored);
	const since = store?.durableAt ?? accepted.ended;
	const written = history.before.filter((call) => isWrite(call) && call.on === wal && call.began > since);
	return [
		...(store?.broken ?? []),
		...(written.length === 0 ? ["the log of the metadata was not written"] : []),
		...(written.length > 0 && !written.some(({ ended }) => history.isSynced(wal, ended))
			? ["the log of the metadata was not fsynced after it was written"]
			: []),
		...(history.areNamesDurable(wal, dataDir) ? [] : ["the name of the metadata's log is not durable"]),
	];
};

/** What happened before an answer. */
class History {
	/** Calls that were over by then. */
	readonly before: readonly Syscall[];
	readonly #until: number;

	constructor(calls: readonly Syscall[], until: number) {
		this.before = calls.filter(({ ended }) => ended < until);
		this.#until = until;
	}

	/** When `path` had been fsynced, by a call that began after `since`; absent when it was not by `until`. */
	syncedAt(path: string, since: number, until = this.#until): number | undefined {
		return this.before.find((call) => isSync(call) && call.on === path && call.began > since && call.ended < until)
			?.ended;
	}

	isSynced(path: string, since: number, until = this.#until): boolean {
		return this.syncedAt(path, since, until) !== undefined;
	}

	/** Whether the names of `path` and of the directories above, up to `base`, are durable where they were made. */
	areNamesDurable(path: string, base: string, until = this.#until): boolean {
		for (let name = path; name !== base; name = dirname(name)) {
			const made = this.before.findLast((call) => isMaking(call) && call.texts.at(0) === name && call.ended < until);
			if (made !== undefined && !this.isSynced(dirname(name), made.ended, until)) return false;
		}
		return true;
	}
}

const isMaking = ({ call, args }: Syscall): boolean =>
	call.startsWith("mkdir") || (call === "openat" && args.includes("O_CREAT"));

interface StoreProof {
	readonly broken: readonly string[];
	/** When the last of it was durable; the end of the writing when not all of it was. */
	readonly durableAt: number;
}

/** What the store did for one request, which began after `since`. */
const proveStored = (history: History, dataDir: string, since: number, stored: Stored): StoreProof => {
	const staged = `${dataDir}/stores/default/staged/`;
	// The journal goes on beside the requests, through the same store.
	const isStaged = (path = ""): boolean => path.startsWith(staged) && !path.startsWith(`${staged}journal/`);
	const writes = history.before.filter((call) => isWrite(call) && isStaged(call.on) && call.began > since);
	const last = writes.at(-1);
	const path = last?.on;
	if (last === undefined || path === undefined) return { broken: ["no staged file was written"], durableAt: since };
	const rename = history.before.find(({ call, texts }) => call.startsWith("rename") && texts[0] === path);
	const target = rename?.texts[1];
	const broken: string[] = [];
	const times: number[] = [last.ended];
	const need = (directoryOrFile: string, after: number, promise: string, until?: number): void => {
		const at = history.syncedAt(directoryOrFile, after, until);
		if (at === undefined) broken.push(promise);
		else times.push(at);
	};
	need(path, last.ended, "the staged file was not fsynced after its last write", rename?.began);
	if (stored === "piece") {
		if (!history.areNamesDurable(path, dataDir)) broken.push("the name of the staged file is not durable");
	} else if (rename === undefined || target === undefined) {
		broken.push("the staged file was not renamed");
	} else {
		times.push(rename.ended);
		if (!history.areNamesDurable(dirname(target), dataDir, rename.began)) {
			broken.push("the directory of the blob was not durable before the rename");
		}
		need(dirname(target), rename.ended, "the directory of the blob was not fsynced after the rename");
		need(dirname(path), rename.ended, "the directory of the staged file was not fsynced after the rename");
	}
	return { broken, durableAt: Math.max(...times) };
};
