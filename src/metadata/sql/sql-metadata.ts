import type { Artifacts, Pulls } from "#/metadata/artifacts.ts";
import type { Blobs } from "#/metadata/blobs.ts";
import type { Collection } from "#/metadata/collection.ts";
import type { ControlState } from "#/metadata/control-state.ts";
import type { History } from "#/metadata/history.ts";
import type { Identities } from "#/metadata/identities.ts";
import type { Manifests } from "#/metadata/manifests.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import type { Moves } from "#/metadata/moves.ts";
import type { Objects } from "#/metadata/objects.ts";
import type { Origins } from "#/metadata/origins.ts";
import type { Outbox } from "#/metadata/outbox.ts";
import type { Policies } from "#/metadata/policies.ts";
import type { Projects } from "#/metadata/projects.ts";
import type { Replicas } from "#/metadata/replicas.ts";
import type { Repositories } from "#/metadata/repositories.ts";
import type { SigningKeys } from "#/metadata/signing-keys.ts";
import type { Snapshots } from "#/metadata/snapshots.ts";
import type { TagStates } from "#/metadata/tag-states.ts";
import type { Uploads } from "#/metadata/uploads.ts";
import type { Usages } from "#/metadata/usages.ts";
import type { SqlExecutor } from "./executor.ts";
import { exportStore } from "./snapshots/export-store.ts";

/** The metadata store on an SQL database. Disposing it closes the executor. */
export class SqlMetadata implements Metadata {
	readonly projects: Projects;
	readonly identities: Identities;
	readonly repositories: Repositories;
	readonly manifests: Manifests;
	readonly history: History;
	readonly blobs: Blobs;
	readonly uploads: Uploads;
	readonly objects: Objects;
	readonly collection: Collection;
	readonly outbox: Outbox;
	readonly signingKeys: SigningKeys;
	readonly controlState: ControlState;
	readonly snapshots: Snapshots;
	readonly usages: Usages;
	readonly policies: Policies;
	readonly artifacts: Artifacts;
	readonly pulls: Pulls;
	readonly replicas: Replicas;
	readonly tagStates: TagStates;
	readonly origins: Origins;
	readonly moves: Moves;
	readonly #executor: SqlExecutor;

	constructor(executor: SqlExecutor) {
		this.#executor = executor;
		this.projects = projectsOn(executor);
		this.identities = identitiesOn(executor);
		this.repositories = repositoriesOn(executor);
		this.manifests = manifestsOn(executor);
		this.history = historyOn(executor);
		this.blobs = blobsOn(executor);
		this.uploads = uploadsOn(executor);
		this.objects = objectsOn(executor);
		this.collection = collectionOn(executor);
		this.outbox = outboxOn(executor);
		this.signingKeys = signingKeysOn(executor);
		this.controlState = controlStateOn(executor);
		this.snapshots = snapshotsOn(executor);
		this.usages = usagesOn(executor);
		this.policies = policiesOn(executor);
		this.artifacts = artifactsOn(executor);
		this.pulls = pullsOn(executor);
		this.replicas = replicasOn(executor);
		this.tagStates = tagStatesOn(executor);
		this.origins = originsOn(executor);
		this.moves = movesOn(executor);
	}

	ping(signal: AbortSignal): Promise<void> {
		return this.#executor.ping(signal);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#executor[Symbol.asyncDispose]();
	}
}

const projectsOn = (on: SqlExecutor): Projects => ({
	find: (name, signal) => on.read("projects.find", { name }, signal),
	list: (page, signal) => on.read("projects.list", page, signal),
});

const usagesOn = (on: SqlExecutor): Usages => ({
	find: (project, signal) => on.read("usages.find", { project }, signal),
	list: (page, signal) => on.read("usages.list", page, signal),
	stores: (signal) => on.read("usages.stores", undefined, signal),
	recount: (signal) => on.read("usages.recount", undefined, signal),
});

const identitiesOn = (on: SqlExecutor): Identities => ({
	findUser: (name, signal) => on.read("identities.findUser", { name }, signal),
	findRobot: (name, signal) => on.read("identities.findRobot", { name }, signal),
	findTrusting: (namespace, signal) => on.read("identities.findTrusting", { namespace }, signal),
	putRefreshToken: (token) => on.write("identities.putRefreshToken", token),
	findRefreshToken: (hash, signal) => on.read("identities.findRefreshToken", { hash }, signal),
});

const repositoriesOn = (on: SqlExecutor): Repositories => ({
	find: (name, signal) => on.read("repositories.find", { name }, signal),
	catalog: (scope, page, signal) => on.read("repositories.catalog", { scope, ...page }, signal),
});

const manifestsOn = (on: SqlExecutor): Manifests => ({
	find: (repository, reference, { payload }, signal) =>
		on.read("manifests.find", { repository, reference, payload }, signal),
	put: (manifest) => on.write("manifests.put", manifest),
	remove: (repository, digest, actor) => on.write("manifests.remove", { repository, digest, actor }),
	removeTag: (repository, tag, condition, actor) =>
		on.write("manifests.removeTag", { repository, tag, condition, actor }),
	tags: (repository, page, signal) => on.read("manifests.tags", { repository, ...page }, signal),
	referrers: (repository, subject, page, signal) =>
		on.read("manifests.referrers", { repository, subject, ...page }, signal),
});

const historyOn = (on: SqlExecutor): History => ({
	ofTag: (request, signal) => on.read("history.ofTag", request, signal),
	deleted: (request, signal) => on.read("history.deleted", request, signal),
	restoreManifest: (wanted) => on.write("history.restoreManifest", wanted),
	restoreTag: (wanted) => on.write("history.restoreTag", wanted),
	expire: (limit) => on.write("history.expire", { limit }),
});

const blobsOn = (on: SqlExecutor): Blobs => ({
	find: (repository, digest, signal) => on.read("blobs.find", { repository, digest }, signal),
	holders: (repository, digest, limit, signal) => on.read("blobs.holders", { repository, digest, limit }, signal),
	mount: (repository, digest, from, actor) => on.write("blobs.mount", { repository, digest, from, actor }),
	unlink: (repository, digest, actor) => on.write("blobs.unlink", { repository, digest, actor }),
	touch: (repository, digest) => on.write("blobs.touch", { repository, digest }),
});

const uploadsOn = (on: SqlExecutor): Uploads => ({
	create: (upload) => on.write("uploads.create", upload),
	find: (repository, id, signal) => on.read("uploads.find", { repository, id }, signal),
	acquire: (request) => on.write("uploads.acquire", request),
	extend: (id, epoch, leaseMs, reached) => on.write("uploads.extend", { id, epoch, leaseMs, reached }),
	release: (progress) => on.write("uploads.release", progress),
	complete: (done) => on.write("uploads.complete", done),
	cancel: (repository, id, epoch) => on.write("uploads.cancel", { repository, id, epoch }),
	expire: (idleMs, limit) => on.write("uploads.expire", { idleMs, limit }),
});

const objectsOn = (on: SqlExecutor): Objects => ({
	intend: (object) => on.write("objects.intend", object),
	settle: (store, key, size) => on.write("objects.settle", { store, key, size }),
	condemn: (store, key) => on.write("objects.condemn", { store, key }),
	claimCondemned: (claim) => on.write("objects.claimCondemned", claim),
	watchClock: (last) => on.write("objects.watchClock", last === undefined ? {} : { last }),
	forget: (store, key) => on.write("objects.forget", { store, key }),
	dangling: (request, signal) => on.read("objects.dangling", request, signal),
	list: (store, page, signal) => on.read("objects.list", { store, ...page }, signal),
});

const collectionOn = (on: SqlExecutor): Collection => ({
	collectLinks: (step) => on.write("collection.collectLinks", step),
	collectBlobs: (step) => on.write("collection.collectBlobs", step),
	collectProjects: (step) => on.write("collection.collectProjects", step),
	totals: (signal) => on.read("collection.totals", undefined, signal),
});

const outboxOn = (on: SqlExecutor): Outbox => ({
	unjournaled: (limit, maxBytes, signal) => on.read("outbox.unjournaled", { limit, maxBytes }, signal),
	lastSegment: (store, signal) => on.read("outbox.lastSegment", { store }, signal),
	seal: (segment, seqs, fence) => on.write("outbox.seal", { segment, seqs, fence }),
	prune: (store, segment, keys) => on.write("outbox.prune", { store, segment, keys }),
	lease: (name, holder, leaseMs) => on.write("outbox.lease", { name, holder, leaseMs }),
});

const signingKeysOn = (on: SqlExecutor): SigningKeys => ({
	list: (signal) => on.read("signingKeys.list", undefined, signal),
	advance: (step) => on.write("signingKeys.advance", step),
	replaceAll: (fresh, fence) => on.write("signingKeys.replaceAll", { fresh, fence }),
});

const controlStateOn = (on: SqlExecutor): ControlState => ({
	begin: (holder) => on.write("control.begin", { holder }),
	apply: (change) => on.write("control.apply", change),
	resync: (page) => on.write("control.resync", page),
	current: (signal) => on.read("control.current", undefined, signal),
	observe: (cursor, limit, signal) => on.read("control.observe", { cursor, limit }, signal),
});

const policiesOn = (on: SqlExecutor): Policies => ({
	list: (kind, page, signal) => on.read("policies.list", { kind, ...page }, signal),
	find: (uid, signal) => on.read("policies.find", { uid }, signal),
	save: (uid, kept) => on.write("policies.save", { uid, ...kept }),
});

const artifactsOn = (on: SqlExecutor): Artifacts => ({
	repositories: (projects, page, signal) => on.read("artifacts.repositories", { projects, ...page }, signal),
	list: (repository, page, signal) => on.read("artifacts.list", { repository, ...page }, signal),
	retire: (repository, expected, actor) => on.write("artifacts.retire", { repository, expected, actor }),
});

const pullsOn = (on: SqlExecutor): Pulls => ({
	note: async (pulls) => {
		for (let from = 0; from < pulls.length; from += PULLS_EACH) {
			await on.write("pulls.note", { pulls: pulls.slice(from, from + PULLS_EACH) });
		}
	},
});

/** So few that they hold up nobody who writes. */
const PULLS_EACH = 200;

const snapshotsOn = (on: SqlExecutor): Snapshots => ({
	export: (store, signal) => exportStore(on, store, signal),
	restore: (records, fence) => on.write("snapshots.restore", { records, fence }),
	adopt: (segment) => on.write("snapshots.adopt", segment),
});

const replicasOn = (on: SqlExecutor): Replicas => ({
	find: (policy, repository, references, signal) =>
		on.read("replicas.find", { policy, repository, references }, signal),
	list: (policy, page, signal) => on.read("replicas.list", { policy, ...page }, signal),
	counts: (policy, signal) => on.read("replicas.counts", { policy }, signal),
	put: (policy, repository, replicas) => on.write("replicas.put", { policy, repository, replicas }),
	forget: (policy, repository, references) => on.write("replicas.forget", { policy, repository, references }),
	forgetGone: (limit) => on.write("replicas.forgetGone", { limit }),
});

const tagStatesOn = (on: SqlExecutor): TagStates => ({
	list: (repository, page, signal) => on.read("tagStates.list", { repository, ...page }, signal),
	digests: (repository, references, signal) => on.read("tagStates.digests", { repository, references }, signal),
	attached: (repository, page, signal) => on.read("tagStates.attached", { repository, ...page }, signal),
	changed: (page, signal) => on.read("tagStates.changed", page, signal),
});

const movesOn = (on: SqlExecutor): Moves => ({
	list: (request, signal) => on.read("moves.list", request, signal),
	progress: ({ projectId, to }, signal) => on.read("moves.progress", { projectId, to }, signal),
	repositories: (request, signal) => on.read("moves.repositories", request, signal),
	wanting: (request, signal) => on.read("moves.wanting", request, signal),
	intend: (object) => on.write("moves.intend", object),
	keep: (store, key) => on.write("moves.keep", { store, key }),
	place: (copy) => on.write("moves.place", copy),
	open: (projectId, to, fence) => on.write("moves.open", { projectId, to, fence }),
	switch: (repositoryId, to, fence) => on.write("moves.switch", { repositoryId, to, fence }),
	close: (projectId, to, fence) => on.write("moves.close", { projectId, to, fence }),
	report: (uid, report) => on.write("moves.report", { uid, report }),
});

const originsOn = (on: SqlExecutor): Origins => ({
	identify: (candidate) => on.write("origins.identify", { candidate }),
	become: (identity) => on.write("origins.become", { identity }),
	beginRestore: (source, fence) => on.write("origins.beginRestore", { source, fence }),
	endRestore: (source, fence) => on.write("origins.endRestore", { source, fence }),
	restoration: (signal) => on.read("origins.restoration", undefined, signal),
});
