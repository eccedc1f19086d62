import type { JournalRecord, Snapshots } from "#/metadata/snapshots.ts";
import type { SqlExecutor, SqlReader } from "#/metadata/sql/executor.ts";
import type { PageKey } from "./snapshot-page.ts";
import { sections } from "./snapshot-pages.ts";

/** Rows of a page: few enough that reading one does not hold up others. */
const PAGE_ROWS = 512;

/** All state of a store at one instant: see `Snapshots.export`. The view ends with the iteration, or with `signal`. */
export async function exportStore(
	executor: SqlExecutor,
	store: string,
	signal: AbortSignal,
): ReturnType<Snapshots["export"]> {
	await using opening = new AsyncDisposableStack();
	const view = opening.use(await executor.openSnapshot(signal));
	const last = await view.read("outbox.lastSegment", { store }, signal);
	const resources = opening.move();
	// Nobody may ever ask for the first record.
	const close = () => void resources.disposeAsync().catch(() => undefined);
	signal.addEventListener("abort", close, { once: true });
	resources.defer(() => signal.removeEventListener("abort", close));
	return { segment: last?.number ?? 0, hash: last?.hash ?? "", records: readAll({ view, store, resources }, signal) };
}

interface Export {
	readonly view: SqlReader;
	readonly store: string;
	readonly resources: AsyncDisposableStack;
}

async function* readAll({ view, store, resources }: Export, signal: AbortSignal): AsyncGenerator<JournalRecord> {
	await using _ = resources;
	for (const section of sections) {
		let after: PageKey | undefined;
		do {
			signal.throwIfAborted();
			const page = await view.read("snapshots.page", { store, section, after, limit: PAGE_ROWS }, signal);
			yield* page.records;
			after = page.next;
		} while (after !== undefined);
	}
}
