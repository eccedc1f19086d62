import { rmSync } from "node:fs";
import { join } from "node:path";
import type winston from "winston";
import { ConfigError } from "#/app/config/load.ts";
import type { Config } from "#/app/config/schema.ts";
import { describe } from "#/app/logger.ts";
import { type RunningHere, runAlone, type Surroundings } from "#/app/run-alone.ts";
import { keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import { systemTiming } from "#/lib/timing.ts";
import { writeDurably } from "#/lib/write-durably.ts";
import type { RegistryActuator, RegistryProblem, RegistryRef, RegistryState } from "#/operator/registry/actuator.ts";
import type { Places } from "#/operator/registry/settings.ts";
import type { WantedRegistry } from "#/operator/registry/wanted-registry.ts";
import type { AllottedAddresses } from "./allotted-addresses.ts";
import { PatientStart } from "./patient-start.ts";
import type { RunningRegistries } from "./readiness.ts";
import { standaloneSettings } from "./standalone-settings.ts";

/** What {@link StandaloneActuator} works with. */
export interface StandaloneActuatorDeps {
	/** Below it, each registry has a directory of its own by namespace and name. */
	readonly directory: string;
	/** Below it, archives of backups have directories, by namespace and by what a cluster would call their claims. */
	readonly archives: string;
	readonly addresses: AllottedAddresses;
	/** The Kubernetes API, which knows whose its service accounts' tokens are. */
	readonly cluster: Places["cluster"];
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
export class StandaloneActuator implements RegistryActuator, RunningRegistries, AsyncDisposable {
	readonly #deps: StandaloneActuatorDeps;
	readonly #started = new Map<string, Started>();
	/** Those that copy what they begin with. */
	readonly #starting = new Map<string, PatientStart>();
	/** Why those did not start that were to start last, as far as it was told, by uid. */
	readonly #failures = new Map<string, string>();
	readonly #onStart = new Set<() => void>();
	readonly #onChange = new Set<(key: ObjectKey) => void>();

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
			const started = await this.#start(wanted, signal);
			return this.#stateOf(started, started === undefined ? RESTORING : undefined);
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

	/** What runs in this process changes by `ensure` alone, but for what takes longer than that. */
	subscribe(listener: (key: ObjectKey) => void): Disposable {
		this.#onChange.add(listener);
		return { [Symbol.dispose]: () => void this.#onChange.delete(listener) };
	}

	runs(uid: string): boolean {
		return this.#started.has(uid);
	}

	onStart(listener: () => void): Disposable {
		this.#onStart.add(listener);
		return { [Symbol.dispose]: () => void this.#onStart.delete(listener) };
	}

	/** Stops all of them, in good order. */
	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all([...this.#starting.keys(), ...this.#started.keys()].map((uid) => this.#stop(uid)));
	}

	/** Absent while it copies what it begins with. @throws what kept it from starting */
	async #start(wanted: WantedRegistry, signal: AbortSignal): Promise<Started | undefined> {
		const { config, fingerprint, files } = standaloneSettings(wanted, {
			...this.#deps,
			listen: this.#deps.addresses.allot(wanted.uid),
			directory: this.#directoryOf(wanted),
		});
		const present = this.#started.get(wanted.uid);
		if (present?.fingerprint === fingerprint) return present;
		const starting = this.#starting.get(wanted.uid);
		if (starting?.fingerprint === fingerprint) return this.#look(wanted, starting);
		await this.#stop(wanted.uid);
		signal.throwIfAborted();
		for (const [path, content] of files) writeDurably(path, content);
		const logger = this.#deps.logger.child({ registry: keyOf(wanted) });
		const url = urlOf(config);
		if (wanted.recovery === undefined) {
			const running = await runAlone(config, logger, this.#deps.surroundings);
			return this.#began(wanted, { fingerprint, running, url });
		}
		const start = new PatientStart({
			fingerprint,
			url,
			start: (ending) => runAlone(config, logger, { ...this.#deps.surroundings, signal: ending }),
			timing: systemTiming,
			changed: () => {
				for (const listener of [...this.#onChange]) listener(keyOf(wanted));
			},
		});
		this.#starting.set(wanted.uid, start);
		return undefined;
	}

	/** @throws what it failed with when it was tried last */
	#look(wanted: WantedRegistry, starting: PatientStart): Started | undefined {
		const { running, failure, fingerprint, url } = starting;
		if (running !== undefined) {
			this.#starting.delete(wanted.uid);
			return this.#began(wanted, { fingerprint, running, url });
		}
		if (failure !== undefined) throw failure;
		return undefined;
	}

	#began({ uid }: WantedRegistry, started: Started): Started {
		this.#started.set(uid, started);
		this.#failures.delete(uid);
		for (const listener of [...this.#onStart]) listener();
		return started;
	}

	async #stop(uid: string): Promise<void> {
		const starting = this.#starting.get(uid);
		this.#starting.delete(uid);
		await starting?.[Symbol.asyncDispose]();
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

const RESTORING: RegistryProblem = {
	reason: "Progressing",
	message: "what is in the archive is being copied",
	terminal: false,
};

const urlOf = ({ externalUrl, tls, listen }: Config): string =>
	externalUrl ?? `${tls === undefined ? "http" : "https"}://${listen}`;
