// Projects that are deleted, brought back and removed in the histories of a registry that is being collected.
import assert from "node:assert/strict";
import type { DesiredResource } from "#/metadata/control-state.ts";
import { type Bench, project } from "../../conformance/metadata/bench.ts";
import type { CollectedProject, ProjectOwner } from "./collecting-acts.ts";

type Stage = "there" | "deleted" | "begun" | "done";

interface State {
	readonly stage: Stage;
	readonly holder: string;
	/** Counts the changes of the project. */
	readonly revision: number;
	/** By the database's clock; undefined unless it is deleted. */
	readonly removableAt: number | undefined;
	/** Since when it is deleted, in true time. */
	readonly deletedAt: number;
}

/** The history that they are in. */
export interface ProjectsHost {
	/** Of the process by which the operator speaks, always the same. */
	readonly operator: Bench;
	/** The database's clock, and true time; milliseconds. */
	readonly now: number;
	readonly trueNow: number;
	/** Within which nothing is removed in true time, however the clock jumps, milliseconds. */
	readonly delayMs: number;
	rows(sql: string): Promise<readonly object[]>;
	/** Nothing that the project had can come back. */
	drop(project: CollectedProject): void;
	/** Nobody gets at what it has, or somebody does again. */
	close(project: CollectedProject, isClosed: boolean): void;
}

/** Everything that a removal takes, by its repository. */
const CONTENT = [
	"repository_blobs",
	"manifests",
	"manifest_blobs",
	"manifest_children",
	"manifest_uses",
	"tags",
	"tag_history",
	"deleted_manifests",
	"deleted_manifest_blobs",
	"gc_link_queue",
	"gc_manifest_queue",
];

/** Follows what becomes of projects, and fails where one goes too soon, or something of it stays. */
export class CollectingProjects {
	readonly #host: ProjectsHost;
	readonly #windows: { readonly [name in CollectedProject]: number };
	readonly #states = new Map<CollectedProject, State>();
	/** Who wants each project, the longest waiting first. */
	readonly #wants = new Map<CollectedProject, readonly string[]>();
	/** Removals that came to an end; projects that came back in their windows, and names that somebody had after that. */
	readonly counts = { removed: 0, revived: 0, renewed: 0 };

	constructor(host: ProjectsHost, windows: { readonly [name in CollectedProject]: number }) {
		this.#host = host;
		this.#windows = windows;
	}

	/** Makes them. */
	async begin(): Promise<void> {
		await this.#host.operator.apply([this.#resource("a", "one"), this.#resource("b", "one")]);
		for (const name of ["a", "b"] as const) {
			this.#wants.set(name, [uidOf(name, "one")]);
			this.#states.set(name, await this.#read(name));
		}
	}

	/** It is wanted, and somebody else may have it. */
	async want(name: CollectedProject, owner: ProjectOwner): Promise<void> {
		await this.#host.operator.apply([this.#resource(name, owner)]);
		const wants = this.#wantsOf(name);
		if (!wants.includes(uidOf(name, owner))) this.#wants.set(name, [...wants, uidOf(name, owner)]);
	}

	/** It is not wanted any more: deleted, if it is this owner's. */
	async unwant(name: CollectedProject, owner: ProjectOwner): Promise<void> {
		await this.#host.operator.apply([], [uidOf(name, owner)]);
		this.#wants.set(
			name,
			this.#wantsOf(name).filter((uid) => uid !== uidOf(name, owner)),
		);
	}

	/** Whether somebody waits for a name, so that the end of a removal makes a project. */
	get isAwaited(): boolean {
		return [...this.#states].some(([name, { stage }]) => stage !== "there" && this.#wantsOf(name).length > 0);
	}

	/** Sees what became of them, and whether that may be. */
	async follow(after: string): Promise<void> {
		for (const [name, before] of this.#states) {
			const now = await this.#read(name);
			const changes = now.revision - before.revision;
			const wasWhole = before.stage === "there" || before.stage === "deleted";
			const isRemoved = wasWhole && (now.stage === "begun" || now.stage === "done" || changes > 1);
			if (isRemoved) {
				this.#checkRemoval(name, before, after);
				this.#host.drop(name);
			}
			const isFresh = now.stage === "there" && (isRemoved || !wasWhole);
			const wants = this.#wantsOf(name);
			if (isFresh) assert.equal(now.holder, wants[0], `who waited longest for ${name} has it after ${after}`);
			if (now.stage === "there") assert.ok(wants.includes(now.holder), `nobody wants ${name} after ${after}`);
			if (now.stage === "deleted") assert.ok(!wants.includes(now.holder), `${name} comes back after ${after}`);
			if (now.stage === "done") assert.deepEqual(wants, [], `${name} is free after ${after}`);
			if (before.stage === "deleted" && now.stage === "there" && !isRemoved) this.counts.revived += 1;
			if (isFresh) this.counts.renewed += 1;
			if (before.stage !== "done" && (now.stage === "done" || isFresh)) this.counts.removed += 1;
			const isSame = before.stage === now.stage && changes === 0;
			this.#states.set(name, isSame ? { ...now, deletedAt: before.deletedAt } : now);
			this.#host.close(name, now.stage !== "there");
		}
		assert.deepEqual(await this.#strays(), [], `what is left of removed projects after ${after}`);
	}

	/** Whether all whose windows were over before `due` are removed, but for those of which somebody holds an upload. */
	async checkDone(due: number): Promise<void> {
		const left = await this.#host.rows(`SELECT p.name, p.removal FROM projects p WHERE p.removable_at < ${due}
			AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.project_id = p.id AND u.lease_until >= ${due})`);
		assert.deepEqual(left, [], "no project outlives its window");
	}

	/** Whether no project is deleted that is not removed. */
	checkEnd(): void {
		for (const [name, { stage }] of this.#states) assert.ok(stage === "there" || stage === "done", `${name}: ${stage}`);
	}

	/** The window counts by the clock; and by true time, as far as the collector trusts no clock that jumped. */
	#checkRemoval(name: CollectedProject, before: State, after: string): void {
		const { now, trueNow, delayMs } = this.#host;
		assert.equal(before.stage, "deleted", `${name} is removed after ${after}`);
		assert.ok((before.removableAt ?? Number.POSITIVE_INFINITY) < now, `the window of ${name} is not over by the clock`);
		const least = Math.min(this.#windows[name], delayMs);
		assert.ok(trueNow - before.deletedAt >= least, `the window of ${name} is not over after ${after}`);
	}

	/** Rows whose repository is no more, and what removed projects still have. */
	async #strays(): Promise<readonly object[]> {
		const lost = CONTENT.map(
			(table) => `SELECT '${table}' AS place FROM ${table} t WHERE NOT EXISTS
				(SELECT 1 FROM repositories r WHERE r.id = t.repository_id)`,
		);
		const kept = ["repositories", "uploads", "project_usage", "project_blobs"].map(
			(table) => `SELECT '${table}' AS place FROM ${table} t JOIN projects p ON p.id = t.project_id
				WHERE p.removal = 'done'`,
		);
		return await this.#host.rows([...lost, ...kept].join(" UNION ALL "));
	}

	async #read(name: CollectedProject): Promise<State> {
		const [row] = await this.#host.rows(
			`SELECT uid, revision, removal, deleted_at, removable_at FROM projects WHERE name = '${name}'`,
		);
		assert.ok(row !== undefined && "uid" in row && "revision" in row && "removal" in row && "deleted_at" in row);
		assert.ok("removable_at" in row);
		const { uid, revision, removal, deleted_at, removable_at } = row;
		const stage = deleted_at === null ? "there" : (removal ?? "deleted");
		assert.ok(stage === "there" || stage === "deleted" || stage === "begun" || stage === "done");
		return {
			stage,
			holder: String(uid),
			revision: Number(revision),
			removableAt: removable_at === null ? undefined : Number(removable_at),
			deletedAt: this.#host.trueNow,
		};
	}

	#resource(name: CollectedProject, owner: ProjectOwner): DesiredResource {
		return { ...project(name, { undoWindow: this.#windows[name] }), uid: uidOf(name, owner) };
	}

	#wantsOf(name: CollectedProject): readonly string[] {
		return this.#wants.get(name) ?? [];
	}
}

const uidOf = (name: CollectedProject, owner: ProjectOwner): string => `${owner}-${name}`;
