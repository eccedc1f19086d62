import { findPart } from "../parts.ts";
import { outputOf, type ProgramEnd, runProgram } from "../run-program.ts";

/** Runs the real programs on a cluster, with a home of their own. */
export const toolsFor = (kubeconfig: string, home: string) => {
	const run = (name: string, args: readonly string[]): Promise<ProgramEnd> => {
		const program = findPart(name);
		if (program === undefined) throw new Error(`${name} is not on this machine: .ci/parts/kube installs it`);
		return runProgram(program, args, {
			cwd: home,
			env: { PATH: process.env.PATH ?? "", HOME: home, KUBECONFIG: kubeconfig },
		});
	};
	const succeed = async (name: string, args: readonly string[]): Promise<string> =>
		outputOf(`${name} ${args.join(" ")}`, await run(name, args));
	return {
		kubectl: (...args: readonly string[]) => succeed("kubectl", args),
		helm: (...args: readonly string[]) => succeed("helm", args),
		/** How it ended, badly too. */
		attemptHelm: (...args: readonly string[]) => run("helm", args),
		attemptKubectl: (...args: readonly string[]) => run("kubectl", args),
	};
};
