import { HttpClient } from "../load/http-client.ts";
import { runWrk } from "../load/wrk.ts";
import { percentiles } from "../row.ts";
import { cpuSeconds } from "../servers/usage.ts";
import { type Fleet, type FleetNode, type Paths, pushContent, pushImage } from "./fleet.ts";

/** What some of a fleet came to with one kind of request in one round. */
export interface Round {
	readonly perSecond: number;
	/** Milliseconds, the worst of those that were asked. */
	readonly p50: number;
	readonly p99: number;
	/** Milliseconds of CPU of the whole fleet for one request. */
	readonly cpu: number;
	/** Commands and queries of metadata of the whole fleet for one request; absent where there is no database. */
	readonly queries?: number;
}

/** One kind of request, by how many of the fleet were asked. */
export interface Throughput {
	readonly row: string;
	readonly fleet: string;
	readonly asked: number;
	readonly rounds: readonly Round[];
}

/** How long and how often to measure. */
export interface ThroughputOpts {
	readonly seconds: number;
	readonly rounds: number;
}

/** Connections of all clients together. */
const CONNECTIONS = 30;
const PUSHERS = 8;

/**
 * Asks one, two … and all of each fleet, turn by turn in each round: what the machine does meanwhile meets all of them.
 * The clients are the same number however many are asked.
 */
export const measureThroughput = async (
	fleets: readonly Fleet[],
	{ seconds, rounds }: ThroughputOpts,
): Promise<readonly Throughput[]> => {
	const turns: Turn[] = [];
	for (const fleet of fleets) turns.push(...turnsOf(fleet, await pushContent(fleet), seconds));
	for (let round = 0; round < rounds; round++) {
		for (const { fleet, load, done } of turns) done.push(await measure(fleet, load));
	}
	return turns
		.map(({ fleet, row, asked, done }) => ({ row, fleet: fleet.name, asked, rounds: done }))
		.toSorted((a, b) => ROWS.indexOf(a.row) - ROWS.indexOf(b.row));
};

const ROWS = ["manifest-tag", "manifest-digest", "blob-small", "image-push"];

interface Turn {
	readonly row: string;
	readonly fleet: Fleet;
	readonly asked: number;
	readonly load: () => Promise<Seen>;
	readonly done: Round[];
}

/** What clients saw. */
interface Seen extends Pick<Round, "p50" | "p99"> {
	readonly count: number;
	readonly seconds: number;
}

const turnsOf = (fleet: Fleet, paths: Paths, seconds: number): readonly Turn[] =>
	fleet.nodes.flatMap((_, index) => {
		const nodes = fleet.nodes.slice(0, index + 1);
		const loads = [
			...Object.entries(paths).map(([row, path]) => ({ row, load: () => pull(fleet, nodes, path, seconds) })),
			{ row: "image-push", load: () => push(fleet, nodes, seconds) },
		];
		return loads.map(({ row, load }) => ({ row, fleet, asked: index + 1, load, done: [] }));
	});

const measure = async (fleet: Fleet, load: () => Promise<Seen>): Promise<Round> => {
	const before = await sums(fleet);
	const { count, seconds, p50, p99 } = await load();
	const after = await sums(fleet);
	return {
		perSecond: count / seconds,
		p50,
		p99,
		cpu: ((after.cpu - before.cpu) * 1000) / count,
		...(fleet.queries && { queries: (after.queries - before.queries) / count }),
	};
};

const sums = async ({ nodes, queries }: Fleet): Promise<{ readonly cpu: number; readonly queries: number }> => ({
	cpu: nodes.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
	queries: (await queries?.()) ?? 0,
});

/** One content, from all that are asked at once. */
const pull = async (
	{ authorization }: Fleet,
	nodes: readonly FleetNode[],
	path: string,
	seconds: number,
): Promise<Seen> => {
	const connections = Math.floor(CONNECTIONS / nodes.length);
	const job = { program: "wrk", authorization, paths: [path], seconds, connections };
	const results = await Promise.all(nodes.map(({ port }) => runWrk({ ...job, port })));
	return {
		count: results.reduce((sum, { requests }) => sum + requests, 0),
		seconds: Math.max(...results.map((result) => result.seconds)),
		p50: Math.max(...results.map(({ p50 }) => p50)),
		p99: Math.max(...results.map(({ p99 }) => p99)),
	};
};

/** Small images, from clients that each push to the next node. */
const push = async ({ authorization }: Fleet, nodes: readonly FleetNode[], seconds: number): Promise<Seen> => {
	const took: number[] = [];
	const begun = performance.now();
	const pusher = async (_: unknown, n: number): Promise<void> => {
		using clients = new DisposableStack();
		const ways = nodes.map(({ port }) => clients.use(new HttpClient(port, authorization)));
		for (let i = n; performance.now() - begun < seconds * 1000; i++) {
			const client = ways[i % ways.length];
			if (client === undefined) return;
			const from = performance.now();
			await pushImage(client, `p${n}`);
			took.push(performance.now() - from);
		}
	};
	await Promise.all(Array.from({ length: PUSHERS }, pusher));
	return { count: took.length, seconds: (performance.now() - begun) / 1000, ...percentiles(took) };
};
