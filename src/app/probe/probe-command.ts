import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "#/app/config/load.ts";
import { writeStdout } from "#/app/logger.ts";
import { readArgs } from "#/app/read-args.ts";
import { readConfigFile } from "#/app/read-config-file.ts";
import { readSecret } from "#/app/read-secret.ts";
import { Egress } from "#/client/egress.ts";
import { openRemoteRegistry } from "#/client/open-remote-registry.ts";
import type { RemoteRegistry } from "#/client/remote-registry.ts";
import { parseNetwork } from "#/lib/address-set.ts";
import { isRepositoryName } from "#/oci/name.ts";
import { type Login, readLogin } from "#/operator/replication-policy/registry-login.ts";
import { pushAndPull } from "./push-and-pull.ts";

const PROBE_HELP = `Usage: limani probe --url URL --repository PROJECT/NAME [OPTIONS]

Pushes an image of 64 KiB to a registry, pulls it again, compares it byte for byte, and deletes its tag. Ends with 0 when
all of that was so, with 1 when it was not within the time.

  --docker-config FILE  credentials, as docker login writes them, with an entry for the registry
  --user NAME           credentials in place of these,
  --password-file FILE  with the password in the first line of a file
  --ca FILE             certificates to trust beside the system's (PEM)
  --timeout SECONDS     how long it is tried again, for a registry that is only starting (default 60)
`;

/** What the bytes are of: of a size that is pushed in one request. */
const LAYER_BYTES = 64 * 1024;
/** Between two tries, milliseconds. */
const PAUSE_MS = 2_000;

/** Who calls this names the registry: it may be anywhere. */
const ANYWHERE = ["0.0.0.0/0", "::/0"].flatMap((network) => parseNetwork(network) ?? []);

/** Runs `limani probe`. @returns the exit code */
export const probeCommand = async (args: readonly string[]): Promise<number> => {
	const values = parse(args);
	if (values.help === true) {
		writeStdout(PROBE_HELP);
		return 0;
	}
	const { repository } = values;
	const url = URL.parse(values.url ?? "");
	if (url === null || !/^https?:$/.test(url.protocol)) {
		throw new ConfigError(`--url: got ${values.url ?? "none"}: expected one such as https://registry.example.org`);
	}
	if (repository === undefined || !isRepositoryName(repository)) {
		throw new ConfigError(`--repository: got ${repository ?? "none"}: expected PROJECT/NAME`);
	}
	const timeoutMs = 1000 * readSeconds(values.timeout ?? "60");
	const credentials = await readCredentials(values, url.host);
	await using registry = openRemoteRegistry(
		{ egress: new Egress(ANYWHERE) },
		{
			type: "Generic",
			url: url.origin,
			...(values.ca === undefined ? {} : { ca: await readConfigFile("--ca", values.ca) }),
			...(credentials === undefined ? {} : { credentials }),
		},
	);
	return await tryUntil(registry, repository, AbortSignal.timeout(timeoutMs));
};

const tryUntil = async (registry: RemoteRegistry, repository: string, late: AbortSignal): Promise<number> => {
	const startedAt = performance.now();
	let why: unknown = "no time was left for a first try";
	while (!late.aborted) {
		const probe = {
			repository,
			tag: `probe-${randomBytes(8).toString("hex")}`,
			layer: randomBytes(LAYER_BYTES),
		};
		try {
			const digest = await pushAndPull(registry, probe, late);
			const ms = Math.round(performance.now() - startedAt);
			writeStdout(`pushed and pulled ${repository}:${probe.tag} (${digest}) after ${ms} ms\n`);
			return 0;
		} catch (error) {
			// What was the matter is worth more than that the time ran out over it.
			if (!late.aborted) why = error;
		}
		await sleep(PAUSE_MS, undefined, { signal: late }).catch(() => undefined);
	}
	process.stderr.write(`limani: ${repository} could not be pushed and pulled: ${messageOf(why)}\n`);
	return 1;
};

const messageOf = (why: unknown): string => (why instanceof Error ? why.message : String(why));

const parse = (args: readonly string[]) =>
	readArgs("limani probe", {
		args: [...args],
		options: {
			url: { type: "string" },
			repository: { type: "string" },
			"docker-config": { type: "string" },
			user: { type: "string" },
			"password-file": { type: "string" },
			ca: { type: "string" },
			timeout: { type: "string" },
			help: { type: "boolean", short: "h" },
		},
	}).values;

const readSeconds = (text: string): number => {
	if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new ConfigError(`--timeout: got ${text}: expected seconds, 1 to 99999`);
	return Number(text);
};

const readCredentials = async (values: ReturnType<typeof parse>, host: string): Promise<Login | undefined> => {
	const { user: username, "password-file": passwordFile, "docker-config": file } = values;
	if (username !== undefined) {
		return { username, password: await readSecret("--password", undefined, passwordFile) };
	}
	if (file === undefined) return undefined;
	const login = readLogin({ ".dockerconfigjson": await readConfigFile("--docker-config", file) }, host);
	if (login === undefined) throw new ConfigError(`--docker-config: ${file} has no entry for ${host}`);
	return login;
};
