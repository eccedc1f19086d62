import { parseArgs } from "node:util";

/** How the benchmark is run. */
export interface BenchOptions {
	readonly full: boolean;
	/** Names of the rows; absent: all. */
	readonly only: readonly string[] | undefined;
	/** Starts of the names of servers besides Limani; absent: all that are there. */
	readonly peers: readonly string[] | undefined;
	readonly rounds: number;
	/** Prints the result as JSON instead of a table and a file. */
	readonly json: boolean;
	/** A folder for a CPU profile of Limani. */
	readonly profileTo: string | undefined;
}

const HELP = `npm run bench -- [OPTIONS], npm run bench -- lifecycle [OPTIONS]
  --full            more and longer rounds, and the row "slow"
  --only ROW,ROW    these rows
  --peers NAME,NAME these servers besides Limani, by the start of their names
  --rounds N        default 3, with --full 7
  --json            print JSON on standard output, and write no file
  --profile DIR     write a CPU profile of Limani`;

/** Reads the command line; undefined when only help was wanted, which is then printed. */
export const readOptions = (args: readonly string[]): BenchOptions | undefined => {
	const { values } = parseArgs({
		args: [...args],
		options: {
			full: { type: "boolean", default: false },
			only: { type: "string" },
			peers: { type: "string" },
			rounds: { type: "string" },
			json: { type: "boolean", default: false },
			profile: { type: "string" },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		console.log(HELP);
		return undefined;
	}
	const rounds = Number(values.rounds ?? (values.full ? 7 : 3));
	if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds: expected a number from 1 on");
	return {
		full: values.full,
		only: values.only?.split(","),
		peers: values.peers?.split(","),
		rounds,
		json: values.json,
		profileTo: values.profile,
	};
};
