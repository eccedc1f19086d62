import type { RowResult, ServerRounds } from "./measure-row.ts";
import { median } from "./median.ts";
import type { Target, Unit } from "./row.ts";

/** One server's line in a row. */
interface Line {
	readonly server: string;
	/** In the row's unit a second. Medians of the rounds, as all that follows. */
	readonly rate: number;
	/** Milliseconds. */
	readonly p50: number;
	readonly p99: number;
	/** CPU seconds for one of the unit. */
	readonly cpu: number;
	readonly peakMiB: number;
	/** Limani's rate to this one's, and this one's CPU to Limani's; absent for Limani itself. */
	readonly times: number | undefined;
	readonly cpuTimes: number | undefined;
}

/** A target and what came of it. */
export interface Verdict {
	readonly row: string;
	readonly against: string;
	readonly wanted: number;
	readonly got: number;
	readonly met: boolean;
}

/** A row as it is written down. */
export interface RowReport {
	readonly name: string;
	readonly title: string;
	readonly unit: Unit;
	readonly remark: string | undefined;
	readonly lines: readonly Line[];
	readonly verdicts: readonly Verdict[];
}

/** Sums a row up. Ratios are of measurements of the same round, and their median is taken. */
export const reportOf = ({ row, servers }: RowResult): RowReport => {
	const limani = servers.find(({ kind }) => kind === "limani");
	const verdicts = row.targets.flatMap((target) =>
		servers
			.filter(({ kind, server }) => applies(target, kind, server))
			.map((peer) => verdictOf(row.name, target, { limani, peer })),
	);
	const { name, title, unit, remark } = row;
	return { name, title, unit, remark, lines: servers.map((server) => lineOf(server, limani)), verdicts };
};

const applies = ({ against }: Target, kind: ServerRounds["kind"], name: string): boolean => {
	if (kind !== "registry") return against === kind;
	return against === "others" || (against === "docker-registry" && name.startsWith("docker-registry"));
};

const verdictOf = (
	row: string,
	{ ratio }: Target,
	{ limani, peer }: { readonly limani: ServerRounds | undefined; readonly peer: ServerRounds },
): Verdict => {
	const got = limani === undefined ? Number.NaN : timesOf(limani, peer, rateOf);
	return { row, against: peer.server, wanted: ratio, got, met: got >= ratio };
};

const lineOf = (server: ServerRounds, limani: ServerRounds | undefined): Line => {
	const { rounds, peakMiB } = server;
	const isOther = limani !== undefined && server !== limani;
	return {
		server: server.server,
		rate: median(rounds.map(rateOf)),
		p50: median(rounds.map(({ p50 }) => p50)),
		p99: median(rounds.map(({ p99 }) => p99)),
		cpu: median(rounds.map(({ cpu, amount }) => cpu / amount)),
		peakMiB,
		times: isOther ? timesOf(limani, server, rateOf) : undefined,
		cpuTimes: isOther ? timesOf(limani, server, ({ amount, cpu }) => amount / Math.max(cpu, 0.01)) : undefined,
	};
};

type OneRound = ServerRounds["rounds"][number];

const rateOf = ({ amount, seconds }: OneRound): number => amount / seconds;

const timesOf = (one: ServerRounds, other: ServerRounds, of: (round: OneRound) => number): number =>
	median(
		one.rounds.flatMap((round, index) => {
			const against = other.rounds[index];
			return against === undefined ? [] : [of(round) / of(against)];
		}),
	);

const HEADINGS = ["", "rate", "p50 ms", "p99 ms", "CPU", "peak MiB", "Limani is", "by CPU"];

/** The row for people. */
export const formatRow = ({ name, title, unit, remark, lines, verdicts }: RowReport): string => {
	const cells = [HEADINGS, ...lines.map((line) => cellsOf(line, unit))];
	const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
	const table = cells.map((row) =>
		row
			.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
			.join("  "),
	);
	const missed = verdicts.filter(({ met }) => !met).map((verdict) => `MISSED ${formatVerdict(verdict)}`);
	return [`\n${name}: ${title}${remark === undefined ? "" : ` (${remark})`}`, ...table, ...missed].join("\n");
};

const cellsOf = (line: Line, unit: Unit): readonly string[] => [
	line.server,
	`${round3(line.rate)} ${unit}/s`,
	round3(line.p50),
	round3(line.p99),
	formatCpu(line.cpu, unit),
	line.peakMiB.toFixed(0),
	line.times === undefined ? "" : `${round3(line.times)} x`,
	line.cpuTimes === undefined ? "" : `${round3(line.cpuTimes)} x`,
];

const formatCpu = (seconds: number, unit: Unit): string => {
	if (unit === "GB") return `${round3(seconds)} s/GB`;
	return seconds < 1e-3 ? `${round3(seconds * 1e6)} µs/${unit}` : `${round3(seconds * 1e3)} ms/${unit}`;
};

/** A verdict in words. */
export const formatVerdict = ({ row, against, wanted, got }: Verdict): string =>
	`${row}: ${round3(got)} x ${against}, wanted ${wanted} x`;

/** With three digits that count. */
const round3 = (value: number): string =>
	value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
