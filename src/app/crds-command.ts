import { formatCrd } from "#/api/crd/format-crd.ts";
import { toCrd } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { writeStdout } from "./logger.ts";
import { readArgs } from "./read-args.ts";

const CRDS_HELP = `Usage: limani crds

Prints the CustomResourceDefinitions of every kind as YAML, for kubectl apply --server-side -f -
`;

/** Runs `limani crds`. @returns the exit code */
export const crdsCommand = async (args: readonly string[]): Promise<number> => {
	const { values } = readArgs("limani crds", { args: [...args], options: { help: { type: "boolean", short: "h" } } });
	writeStdout(values.help === true ? CRDS_HELP : ALL_KINDS.map((kind) => formatCrd(toCrd(kind))).join("---\n"));
	return 0;
};
