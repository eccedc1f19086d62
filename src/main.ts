/** The program: its first argument names what to run. */
import { endWhenTold } from "./app/end-when-told.ts";
import { writeStdout } from "./app/logger.ts";
import { readVersion } from "./app/read-version.ts";
import { sizeThreadPool } from "./app/thread-pool.ts";

const HELP = `Usage: limani COMMAND [OPTIONS]

  standalone    everything on this machine: a Kubernetes API, the operator and the registries
  operator      keep the registries, projects and robot accounts of a cluster as its resources ask for them
  registry      serve a registry: /v2, tokens, health, metrics
  verify        compare what is stored with what the database knows
  rebuild       make a lost database again, from what the stores keep of it
  backup        make a backup of a registry, or tell which there are
  history       tell where a tag pointed, or what was deleted and can be restored
  restore       bring back a deleted manifest, a tag to where it was, or a whole registry from its backups
  retention     tell what a retention policy would do, or run one now
  replace-keys  forget all token signing keys, after a leak or where the master key was lost
  probe         push an image to a registry and pull it again, to see that it works
  crds          print the definitions of the custom resources
  bundle        make one file of all that an installation without internet needs, check it, push its image
  credential-provider
                answer the kubelet, so that pods pull with their own tokens and without any Secret

limani COMMAND --help tells more; limani --version tells the release.
`;

type Command = (args: readonly string[]) => Promise<number | undefined>;

/** Each loads what it needs and no more: an operator has no use for the drivers of stores. */
const COMMANDS: { readonly [name: string]: () => Promise<Command> } = {
	standalone: async () => (await import("./app/standalone/standalone-command.ts")).standaloneCommand,
	operator: async () => (await import("./app/operator/operator-command.ts")).operatorCommand,
	registry: async () => (await import("./app/registry-command.ts")).registryCommand,
	verify: async () => (await import("./app/verify-command.ts")).verifyCommand,
	rebuild: async () => (await import("./app/rebuild-command.ts")).rebuildCommand,
	backup: async () => (await import("./app/backup/backup-command.ts")).backupCommand,
	history: async () => (await import("./app/undo/history-command.ts")).historyCommand,
	restore: async () => (await import("./app/undo/restore-command.ts")).restoreCommand,
	retention: async () => (await import("./app/retention/retention-command.ts")).retentionCommand,
	"replace-keys": async () => (await import("./app/replace-keys-command.ts")).replaceKeysCommand,
	probe: async () => (await import("./app/probe/probe-command.ts")).probeCommand,
	"credential-provider": async () =>
		(await import("./app/credential-provider/credential-provider-command.ts")).credentialProviderCommand,
	crds: async () => (await import("./app/crds-command.ts")).crdsCommand,
	bundle: async () => (await import("./app/bundle/bundle-command.ts")).bundleCommand,
};

/** The number of a container's first process. */
const FIRST_PROCESS = 1;

const main = async ([name = "help", ...args]: readonly string[]): Promise<void> => {
	const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
	if (name === "--version") {
		writeStdout(`${readVersion()}\n`);
		return;
	}
	if (load === undefined) {
		const asked = ["help", "--help", "-h"].includes(name);
		if (!asked) process.stderr.write(`limani: there is no command ${name}\n\n`);
		writeStdout(HELP);
		process.exitCode = asked ? 0 : 2;
		return;
	}
	if (process.pid === FIRST_PROCESS) endWhenTold();
	sizeThreadPool();
	try {
		const command = await load();
		process.exitCode = (await command(args)) ?? 0;
	} catch (error) {
		const plain = error instanceof Error && "code" in error;
		process.stderr.write(`limani: ${plain ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
		process.exit(1);
	}
};

await main(process.argv.slice(2));
