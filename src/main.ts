/** The program: its first argument names what to run. */
import { ConfigError } from "./app/config/load.ts";
import { crdsCommand } from "./app/crds-command.ts";
import { writeStdout } from "./app/logger.ts";
import { operatorCommand } from "./app/operator/operator-command.ts";
import { readVersion } from "./app/read-version.ts";
import { rebuildCommand } from "./app/rebuild-command.ts";
import { registryCommand } from "./app/registry-command.ts";
import { replaceKeysCommand } from "./app/replace-keys-command.ts";
import { standaloneCommand } from "./app/standalone/standalone-command.ts";
import { sizeThreadPool } from "./app/thread-pool.ts";
import { verifyCommand } from "./app/verify-command.ts";

const HELP = `Usage: limani COMMAND [OPTIONS]

  standalone    everything on this machine: a Kubernetes API, the operator and the registries
  operator      keep the registries, projects and robot accounts of a cluster as its resources ask for them
  registry      serve a registry: /v2, tokens, health, metrics
  verify        compare what is stored with what the database knows
  rebuild       make a lost database again, from what the stores keep of it
  replace-keys  forget all token signing keys, after a leak or where the master key was lost
  crds          print the definitions of the custom resources

limani COMMAND --help tells more; limani --version tells the release.
`;

const COMMANDS: { readonly [name: string]: (args: readonly string[]) => Promise<number | undefined> } = {
	standalone: standaloneCommand,
	operator: operatorCommand,
	registry: registryCommand,
	verify: verifyCommand,
	rebuild: rebuildCommand,
	"replace-keys": replaceKeysCommand,
	crds: crdsCommand,
};

const main = async ([name = "help", ...args]: readonly string[]): Promise<void> => {
	const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
	if (name === "--version") {
		writeStdout(`${readVersion()}\n`);
		return;
	}
	if (command === undefined) {
		const asked = ["help", "--help", "-h"].includes(name);
		if (!asked) process.stderr.write(`limani: there is no command ${name}\n\n`);
		writeStdout(HELP);
		process.exitCode = asked ? 0 : 2;
		return;
	}
	sizeThreadPool();
	try {
		process.exitCode = (await command(args)) ?? 0;
	} catch (error) {
		const plain = error instanceof ConfigError || (error instanceof Error && "code" in error);
		process.stderr.write(`limani: ${plain ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
		process.exit(1);
	}
};

await main(process.argv.slice(2));
