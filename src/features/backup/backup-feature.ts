import { backupSpec } from "#/api/backup-spec.ts";
import { JobError } from "#/jobs/job-error.ts";
import type { JsonObject, PolicyFeature, PolicyRun, PolicySpec, RunResult } from "#/jobs/policy-feature.ts";
import { BackupError, backupError } from "./backup-error.ts";
import type { Work } from "./backup-work.ts";
import type { BackupManifest } from "./documents.ts";
import type { Backups, FinishedBackup } from "./index.ts";
import { toIso } from "./plan-recovery.ts";

/** What {@link BackupFeature} works with. */
export interface BackupFeatureDeps {
	/** Absent: this process has no archive. */
	readonly backups: Pick<Backups, "backUp"> | undefined;
	/** This process instance. */
	readonly holder: string;
	/** How long a process without an archive leaves a backup to others, milliseconds. @defaultValue half an hour */
	readonly leaveMs?: number;
}

/** A backup that was asked for, as it is carried out: once. */
export interface BackupPolicy extends PolicySpec {
	readonly suspend: false;
	readonly once: { readonly afterMs: number };
}

/** While a registry is given an archive, some of its processes have it and others not yet. */
const LEAVE_MS = 1_800_000;

/** Between two lines about how far a backup has come, milliseconds. */
const TELL_EVERY_MS = 10_000;

/** Makes the backups that are handed over as resources, one after the other, each once. */
export class BackupFeature implements PolicyFeature<BackupPolicy> {
	readonly kind = "Backup";
	readonly name = "backup";
	readonly #deps: BackupFeatureDeps;

	constructor(deps: BackupFeatureDeps) {
		this.#deps = deps;
	}

	parse(spec: JsonObject): BackupPolicy {
		const afterMs = this.#deps.backups === undefined ? (this.#deps.leaveMs ?? LEAVE_MS) : 0;
		return { ...backupSpec.parse(spec), suspend: false, once: { afterMs } };
	}

	blank(): { readonly report: JsonObject; readonly figures: JsonObject } {
		return { report: {}, figures: { instance: this.#deps.holder, blobs: 0, bytes: 0, verified: 0 } };
	}

	async run(run: PolicyRun<BackupPolicy>, signal: AbortSignal): Promise<RunResult> {
		const { backups } = this.#deps;
		if (backups === undefined) {
			throw new BackupError("ABSENT", "the Registry has no spec.backup: there is nowhere to put it");
		}
		const copied = { blobs: 0, bytes: 0 };
		using _ = tellNowAndThen(run, copied);
		const waitMs = Number.POSITIVE_INFINITY;
		// Clearing away may take longer than this process lives. Who lost the backup hears of it by the signal.
		const made = (manifest: BackupManifest) => run.keep({ figures: figuresOf(manifest) }).catch(() => undefined);
		const finished = await backups.backUp(signal, { waitMs, copied, made }).catch((cause: unknown) => {
			// The archive's lease and not that of this backup: it is over for good.
			if (!(cause instanceof JobError) || signal.aborted) throw cause;
			throw backupError("LOST", "another process took the archive over", cause);
		});
		return resultOf(finished);
	}
}

const figuresOf = ({ id, at, copied, verified }: BackupManifest): JsonObject => ({
	backup: id,
	at,
	...copied,
	verified,
});

const resultOf = ({ manifest, retained }: FinishedBackup): RunResult => {
	const { at, copied, verified } = manifest;
	const made = `as of ${toIso(at)}: ${copied.blobs} blobs copied, ${verified} read back`;
	const left =
		retained === undefined ? "; what nobody needs any more could not be removed, the registry's log says why" : "";
	return { outcome: "Succeeded", message: `${made}${left}`, figures: figuresOf(manifest) };
};

/** Keeps how much was copied so far; in the end the run's result is kept. */
const tellNowAndThen = (run: PolicyRun<BackupPolicy>, copied: Work["copied"]): Disposable => {
	let told = 0;
	const timer = setInterval(() => {
		if (copied.blobs === told) return;
		told = copied.blobs;
		// Who lost the backup hears of it by the run's signal.
		void run.keep({ figures: { ...copied } }).catch(() => undefined);
	}, TELL_EVERY_MS);
	timer.unref();
	return { [Symbol.dispose]: () => clearInterval(timer) };
};
