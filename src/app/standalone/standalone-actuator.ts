import { rmSync } from "node:fs";
import { join } from "node:path";
import type winston from "winston";
import { stringify } from "yaml";
import { ConfigError, parseConfig } from "#/app/config/load.ts";
import type { Config } from "#/app/config/schema.ts";
import { describe } from "#/app/logger.ts";
import { type RunningHere, runAlone, type Surroundings } from "#/app/run-alone.ts";
import { keyOf } from "#/kube/kube-object.ts";
import { writeDurably } from "#/lib/write-durably.ts";
import type { RegistryActuator, RegistryProblem, RegistryRef, RegistryState } from "#/operator/registry/actuator.ts";
import { type Settings, settingsOf } from "#/operator/registry/settings.ts";
import type { SecretEntry, WantedRegistry } from "#/operator/registry/wanted-registry.ts";
import type { AllottedAddresses } from "./allotted-addresses.ts";

/** What {@link StandaloneActuator} works with. */
export interface StandaloneActuatorDeps {
	/** Below it, each registry has a directory of its own by namespace and name. */
	readonly directory: string;
	readonly addresses: AllottedAddresses;
	readonly logger: winston.Logger;
	/** Whether each request is a line of the log. */
	readonly logRequests: boolean;
	/** Release of this program. */
	readonly version: string;
	readonly surroundings: Surroundings;
}

/** A registry as it was started. */
interface Started {
	/** Settings and the contents of Secrets, to tell whether they changed. */
	readonly fingerprint: string;
	readonly url: string;
	readonly running: RunningHere;
}

/** Runs the data planes of registries in this process, at most one at a time for each. */
export class StandaloneActuator implements RegistryActuator, AsyncDisposable {
	readonly #deps: StandaloneActuatorDeps;
	readonly #started = new Map<string, Started>();
	/** Why those did not start that were to start last, as far as it was told, by uid. */
	readonly #failures = new Map<string, string>();

	constructor(deps: StandaloneActuatorDeps) {
		this.#deps = deps;
	}

	async ensure(wanted: WantedRegistry, signal: AbortSignal): Promise<RegistryState> {
		const { spec, uid } = wanted;
		if (spec.replicas > 1) return this.#stateOf(this.#started.get(uid), ONE_PROCESS);
		if (spec.replicas === 0) {
			await this.#stop(uid);
			return this.#stateOf(undefined, undefined);
		}
		try {
			return this.#stateOf(await this.#start(wanted, signal), undefined);
		} catch (error) {
			signal.throwIfAborted();
			const message = error instanceof Error ? error.message : String(error);
			this.#logFailure(wanted, message, error);
			const reason = error instanceof ConfigError ? "InvalidSpec" : "Failed";
			return this.#stateOf(undefined, { reason, message, terminal: false });
		}
	}

	/** Once for each reason: it is tried again every few seconds. What the configuration explains needs no stack. */
	#logFailure(wanted: WantedRegistry, message: string, error: unknown): void {
		if (this.#failures.get(wanted.uid) === message) return;
		this.#failures.set(wanted.uid, message);
		const what = error instanceof ConfigError ? message : describe(error);
		this.#deps.logger.error("registry.start-failed", { registry: keyOf(wanted), error: what });
	}

	async observe({ uid }: RegistryRef): Promise<RegistryState | undefined> {
		const started = this.#started.get(uid);
		return started === undefined ? undefined : this.#stateOf(started, undefined);
	}

	async remove(registry: RegistryRef, data: "Retain" | "Delete"): Promise<void> {
		await this.#stop(registry.uid);
		this.#failures.delete(registry.uid);
		if (data === "Delete") rmSync(this.#directoryOf(registry), { recursive: true, force: true });
		this.#deps.addresses.release(registry.uid);
	}

	/** Nothing to tell: what runs in this process changes by `ensure` alone. */
	subscribe(): Disposable {
		return { [Symbol.dispose]: () => undefined };
	}

	/** Stops all of them, in good order. */
	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all([...this.#started.keys()].map((uid) => this.#stop(uid)));
	}

	async #start(wanted: WantedRegistry, signal: AbortSignal): Promise<Started> {
		const listen = this.#deps.addresses.allot(wanted.uid);
		const directory = this.#directoryOf(wanted);
		const fileOf = ({ secret, key }: SecretEntry) => join(directory, "secrets", secret, key);
		const places = { listen, externalUrl: undefined, dataDir: join(directory, "data"), fileOf };
		const settings = settingsOf(wanted.spec, places);
		const environment = environmentOf(wanted, settings);
		const fingerprint = JSON.stringify([settings.document, environment, contentsOf(wanted, settings)]);
		const present = this.#started.get(wanted.uid);
		if (present?.fingerprint === fingerprint) return present;
		await this.#stop(wanted.uid);
		signal.throwIfAborted();
		for (const entry of settings.files) writeDurably(fileOf(entry), contentOf(wanted, entry));
		const document = { ...settings.document, log: { requests: this.#deps.logRequests } };
		const config = parseConfig(stringify(document), `Registry ${keyOf(wanted)}`, environment);
		const { logger, surroundings } = this.#deps;
		const running = await runAlone(config, logger.child({ registry: keyOf(wanted) }), surroundings);
		const started = { fingerprint, running, url: urlOf(config) };
		this.#started.set(wanted.uid, started);
		this.#failures.delete(wanted.uid);
		return started;
	}

	async #stop(uid: string): Promise<void> {
		const started = this.#started.get(uid);
		if (started === undefined) return;
		this.#started.delete(uid);
		await started.running[Symbol.asyncDispose]();
	}

	#stateOf(started: Started | undefined, problem: RegistryProblem | undefined): RegistryState {
		const count = started === undefined ? 0 : 1;
		return {
			url: started?.url,
			replicas: count,
			readyReplicas: count,
			selector: "",
			version: started === undefined ? undefined : this.#deps.version,
			control: started?.running.control,
			problem,
		};
	}

	#directoryOf({ namespace, name }: RegistryRef): string {
		return join(this.#deps.directory, namespace, name);
	}
}

const ONE_PROCESS: RegistryProblem = {
	reason: "InvalidSpec",
	message: "spec.replicas: standalone mode runs one process for each registry; more need a cluster",
	terminal: true,
};

const urlOf = ({ externalUrl, tls, listen }: Config): string =>
	externalUrl ?? `${tls === undefined ? "http" : "https"}://${listen}`;

const contentOf = ({ secrets }: WantedRegistry, { secret, key }: SecretEntry): Uint8Array =>
	secrets.get(secret)?.[key] ?? new Uint8Array();

const contentsOf = (wanted: WantedRegistry, { files }: Settings): readonly string[] =>
	files.map((entry) => Buffer.from(contentOf(wanted, entry)).toString("base64"));

/** Only what the Secrets say: the environment of this process is not the registries'. */
const environmentOf = (wanted: WantedRegistry, { environment }: Settings): { readonly [variable: string]: string } =>
	Object.fromEntries(
		environment.map(({ variable, from }) => [variable, Buffer.from(contentOf(wanted, from)).toString("utf8").trim()]),
	);
