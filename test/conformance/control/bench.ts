import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Applied, ArchiveStanding, Control, DesiredResource, ObservedResource } from "#/control/control.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { type Digest, formatDigest } from "#/oci/digest.ts";

/** A data plane under test, and what shows whether it did as it was told. */
export interface ControlHarness extends AsyncDisposable {
	readonly control: Control;
	readonly metadata: Metadata;
	/** The names of its blob stores. */
	readonly stores: readonly string[];
	/**
	 * The runs that were asked of its features: `probe` answers, `broken` and `refusing` fail, the second with words for
	 * people, and `endless` goes on until it is aborted.
	 */
	readonly runs: readonly { readonly feature: string; readonly id: string; readonly aborted: boolean }[];
	/** How its archive of backups stands; none at first. */
	readonly archive: { standing: ArchiveStanding | undefined };
	/** Stops the data plane and starts it again over the same state. */
	reopen(): Promise<void>;
}

/** One thing that every adapter does. */
export interface ControlCase {
	/** A sentence in the present tense. */
	readonly name: string;
	readonly run: (harness: ControlHarness) => Promise<void>;
}

/** Some hash of Argon2id; what of is of no interest here. */
export const PASSWORD_HASH = `$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NQ$${"A".repeat(43)}`;

/** More than any case takes. */
export const soon = (): AbortSignal => AbortSignal.timeout(30_000);

type Fields = { readonly [field: string]: unknown };

/** A project as an operator wants it; the uid says which resource of Kubernetes it is. */
export const project = (uid: string, name: string, fields: Fields = {}, generation = 1): DesiredResource => ({
	kind: "Project",
	uid,
	generation,
	spec: { name, owner: `team/${name}`, ...fields },
});

/** A user as an operator wants it. */
export const user = (uid: string, name: string, fields: Fields = {}, generation = 1): DesiredResource => ({
	kind: "User",
	uid,
	generation,
	spec: { name, passwordHash: PASSWORD_HASH, ...fields },
});

/** A robot account as an operator wants it; `name` is the full one. */
export const robot = (uid: string, name: string, fields: Fields = {}, generation = 1): DesiredResource => ({
	kind: "RobotAccount",
	uid,
	generation,
	spec: { name, verifiers: [{ hash: "0".repeat(64) }], ...fields },
});

/** One holder of an epoch, who remembers the base that it works on. */
export class Operator {
	readonly #control: Control;
	readonly epoch: number;
	base: number;

	private constructor(control: Control, epoch: number, base: number) {
		this.#control = control;
		this.epoch = epoch;
		this.base = base;
	}

	static async begin(control: Control, holder = "operator"): Promise<Operator> {
		const { epoch, base } = await control.begin({ holder }, soon());
		return new Operator(control, epoch, base);
	}

	async tryApply(upserts: readonly DesiredResource[], deletes: readonly string[] = []): Promise<Applied> {
		const { epoch, base } = this;
		return this.#noted(await this.#control.apply({ epoch, base, upserts, deletes }, soon()));
	}

	/** Lets go of resources, which must not be refused. */
	async release(...releases: readonly string[]): Promise<void> {
		const { epoch, base } = this;
		const change = { epoch, base, upserts: [], deletes: [], releases };
		assert.deepEqual(this.#noted(await this.#control.apply(change, soon())), { base: this.base });
	}

	async tryResync(snapshot: string, resources: readonly DesiredResource[], last: boolean): Promise<Applied> {
		return this.#noted(await this.#control.resync({ epoch: this.epoch, snapshot, resources, last }, soon()));
	}

	/** Applies changes that must not be refused. */
	async apply(upserts: readonly DesiredResource[], deletes: readonly string[] = []): Promise<void> {
		assert.deepEqual(await this.tryApply(upserts, deletes), { base: this.base });
	}

	/** Hands over a page that must not be refused. */
	async resync(snapshot: string, resources: readonly DesiredResource[], last: boolean): Promise<void> {
		assert.deepEqual(await this.tryResync(snapshot, resources, last), { base: this.base });
	}

	#noted(applied: Applied): Applied {
		if ("base" in applied) this.base = applied.base;
		return applied;
	}
}

/** All observations after a cursor, read in small pages, in order. */
export const observed = async (control: Control, after = 0): Promise<readonly ObservedResource[]> => {
	const found: ObservedResource[] = [];
	for (let cursor = after; ; ) {
		const page = await control.observe({ cursor, limit: 2 }, soon());
		if (page.changes.length === 0) return found;
		found.push(...page.changes);
		cursor = page.cursor;
	}
};

/** What became of one resource; fails when it was never heard of. */
export const observedOf = async (control: Control, uid: string): Promise<ObservedResource> => {
	const found = (await observed(control)).findLast((resource) => resource.uid === uid);
	assert.ok(found, `${uid} is not observed`);
	return found;
};

/** What became of some resources, as `uid: reason`, those that are gone in brackets, in the order of the uids. */
export const reasons = async (control: Control): Promise<readonly string[]> =>
	(await observed(control))
		.map(({ uid, reason, deleted }) => (deleted ? `(${uid})` : `${uid}: ${reason}`))
		.toSorted((a, b) => (a.replace("(", "") < b.replace("(", "") ? -1 : 1));

/** Pushes a manifest whose bytes are a text; answers its digest. */
export const push = async (
	{ manifests }: Pick<ControlHarness["metadata"], "manifests">,
	repository: string,
	text: string,
	...tags: readonly string[]
): Promise<Digest> => {
	const digest = formatDigest("sha256", createHash("sha256").update(text).digest("hex"));
	const outcome = await manifests.put({
		repository,
		digest,
		mediaType: "application/vnd.oci.image.manifest.v1+json",
		artifactType: undefined,
		payload: new TextEncoder().encode(text),
		annotations: undefined,
		blobs: [],
		config: undefined,
		children: [],
		subject: undefined,
		tags,
		condition: undefined,
		actor: "ann",
	});
	assert.ok(!("refused" in outcome));
	return digest;
};
