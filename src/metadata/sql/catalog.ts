/** Every command and query by name: the one list that engines run from, and that the types are read off. */

import { listArtifacts } from "./artifacts/list-artifacts.ts";
import { listRepositories } from "./artifacts/list-repositories.ts";
import { retireArtifact } from "./artifacts/retire-artifact.ts";
import { blobHolders, findBlob } from "./blobs/blob-queries.ts";
import { mountBlob } from "./blobs/mount-blob.ts";
import { touchBlob } from "./blobs/touch-blob.ts";
import { unlinkBlob } from "./blobs/unlink-blob.ts";
import { applyChange, beginEpoch, resync } from "./control/control-commands.ts";
import { currentControl, observe } from "./control/control-rows.ts";
import { expireDeleted } from "./deletions/expire-deleted.ts";
import { listDeleted, tagHistory } from "./deletions/history-queries.ts";
import { restoreManifest } from "./deletions/restore-manifest.ts";
import { restoreTag } from "./deletions/restore-tag.ts";
import type { Step, StepContext } from "./engine/statement.ts";
import { collectBlobs } from "./gc/collect-blobs.ts";
import { collectLinks } from "./gc/collect-links.ts";
import { collectProjects } from "./gc/collect-projects.ts";
import { dangling } from "./gc/dangling.ts";
import { collectionTotals } from "./gc/totals.ts";
import { findRefreshToken, findRobot, findTrusting, findUser } from "./identities/identity-queries.ts";
import { putRefreshToken } from "./identities/put-refresh-token.ts";
import { adoptSegment, pruneJournal, sealSegment, takeLease } from "./journal/journal-commands.ts";
import { lastSegment, unjournaled } from "./journal/journal-queries.ts";
import { advanceSigningKeys, replaceSigningKeys } from "./keys/signing-key-commands.ts";
import { listSigningKeys } from "./keys/signing-key-queries.ts";
import { findManifest, listReferrers, listTags } from "./manifests/manifest-queries.ts";
import { putManifest } from "./manifests/put-manifest.ts";
import { removeManifest, removeTag } from "./manifests/remove-manifest.ts";
import { notePulls } from "./manifests/use-rows.ts";
import { intendCopy, keepCopy, placeCopy } from "./moves/copy-commands.ts";
import { closeMove, openMove, reportMove } from "./moves/move-commands.ts";
import { listMoves, moveProgress, movingRepositories, wantedBlobs } from "./moves/move-queries.ts";
import { switchRepository } from "./moves/switch-repository.ts";
import { claimCondemned, condemn, forgetObject, intendObject, settleIntended } from "./objects/object-commands.ts";
import { listObjects } from "./objects/object-queries.ts";
import { watchClock } from "./objects/watch-clock.ts";
import { become, beginRestore, endRestore, findIdentity, identify, restoration } from "./origins/origin-commands.ts";
import { findPolicy, listPolicies } from "./policies/policy-queries.ts";
import { savePolicy } from "./policies/save-policy.ts";
import { findProject, listProjects } from "./projects/project-queries.ts";
import { forgetGoneReplicas, forgetReplicas, putReplicas } from "./replicas/replica-commands.ts";
import { countReplicas, findReplicas, listReplicas } from "./replicas/replica-queries.ts";
import { findTagDigests, listAttached, listChanged, listTagStates } from "./replicas/tag-state-queries.ts";
import { catalog, findRepository } from "./repositories/repository-queries.ts";
import { restoreRecords } from "./snapshots/restore-records.ts";
import { snapshotPage } from "./snapshots/snapshot-pages.ts";
import { arrive, claimTarget, findArrival, raiseFence, refuseForeign } from "./transfer/arrival.ts";
import { beginCapture, endCapture, forgetChanges, isCapturing, readChanges } from "./transfer/capture.ts";
import { depart, findDeparture, readClock, readNumbers, readSchema } from "./transfer/departure.ts";
import { digestRange } from "./transfer/digests.ts";
import { dropRows, loadPage, loadRows, settle } from "./transfer/load.ts";
import { isSmall, readCheckpoint, readPage, readRows } from "./transfer/pages.ts";
import { countRows, listTables } from "./transfer/tables.ts";
import { completeUpload } from "./uploads/complete-upload.ts";
import { createUpload } from "./uploads/create-upload.ts";
import { cancelUpload, expireUploads } from "./uploads/end-upload.ts";
import { acquireUpload, extendUpload, releaseUpload } from "./uploads/hold-upload.ts";
import { findUpload } from "./uploads/upload-queries.ts";
import { listUsage, projectUsage, recountUsage } from "./usage/usage-queries.ts";
import { usedStores } from "./usage/used-stores.ts";

/** The registry's commands. */
export const commands = {
	"manifests.put": putManifest,
	"manifests.remove": removeManifest,
	"manifests.removeTag": removeTag,
	"history.restoreManifest": restoreManifest,
	"history.restoreTag": restoreTag,
	"history.expire": expireDeleted,
	"blobs.mount": mountBlob,
	"blobs.unlink": unlinkBlob,
	"blobs.touch": touchBlob,
	"uploads.create": createUpload,
	"uploads.acquire": acquireUpload,
	"uploads.extend": extendUpload,
	"uploads.release": releaseUpload,
	"uploads.complete": completeUpload,
	"uploads.cancel": cancelUpload,
	"uploads.expire": expireUploads,
	"objects.intend": intendObject,
	"objects.settle": settleIntended,
	"objects.condemn": condemn,
	"objects.claimCondemned": claimCondemned,
	"objects.watchClock": watchClock,
	"objects.forget": forgetObject,
	"collection.collectLinks": collectLinks,
	"collection.collectBlobs": collectBlobs,
	"collection.collectProjects": collectProjects,
	"outbox.seal": sealSegment,
	"outbox.prune": pruneJournal,
	"outbox.lease": takeLease,
	"identities.putRefreshToken": putRefreshToken,
	"signingKeys.advance": advanceSigningKeys,
	"signingKeys.replaceAll": replaceSigningKeys,
	"control.begin": beginEpoch,
	"control.apply": applyChange,
	"control.resync": resync,
	"artifacts.retire": retireArtifact,
	"pulls.note": notePulls,
	"policies.save": savePolicy,
	"snapshots.restore": restoreRecords,
	"snapshots.adopt": adoptSegment,
	"replicas.put": putReplicas,
	"replicas.forget": forgetReplicas,
	"replicas.forgetGone": forgetGoneReplicas,
	"moves.intend": intendCopy,
	"moves.keep": keepCopy,
	"moves.place": placeCopy,
	"moves.open": openMove,
	"moves.switch": switchRepository,
	"moves.close": closeMove,
	"moves.report": reportMove,
	"origins.identify": identify,
	"origins.become": become,
	"origins.beginRestore": beginRestore,
	"origins.endRestore": endRestore,
	"transfer.beginCapture": beginCapture,
	"transfer.endCapture": endCapture,
	"transfer.forget": forgetChanges,
	"transfer.clock": readClock,
	"transfer.depart": depart,
	"transfer.claim": claimTarget,
	"transfer.raiseFence": raiseFence,
	"transfer.loadPage": loadPage,
	"transfer.drop": dropRows,
	"transfer.loadRows": loadRows,
	"transfer.settle": settle,
	"transfer.arrive": arrive,
} as const;

/** The registry's queries. */
export const queries = {
	"projects.find": findProject,
	"projects.list": listProjects,
	"usages.find": projectUsage,
	"usages.list": listUsage,
	"usages.recount": recountUsage,
	"usages.stores": usedStores,
	"identities.findUser": findUser,
	"identities.findRobot": findRobot,
	"identities.findTrusting": findTrusting,
	"identities.findRefreshToken": findRefreshToken,
	"repositories.find": findRepository,
	"repositories.catalog": catalog,
	"manifests.find": findManifest,
	"manifests.tags": listTags,
	"manifests.referrers": listReferrers,
	"history.ofTag": tagHistory,
	"history.deleted": listDeleted,
	"blobs.find": findBlob,
	"blobs.holders": blobHolders,
	"uploads.find": findUpload,
	"objects.list": listObjects,
	"objects.dangling": dangling,
	"collection.totals": collectionTotals,
	"outbox.unjournaled": unjournaled,
	"outbox.lastSegment": lastSegment,
	"signingKeys.list": listSigningKeys,
	"control.current": currentControl,
	"control.observe": observe,
	"artifacts.repositories": listRepositories,
	"artifacts.list": listArtifacts,
	"policies.list": listPolicies,
	"policies.find": findPolicy,
	"snapshots.page": snapshotPage,
	"replicas.find": findReplicas,
	"replicas.list": listReplicas,
	"replicas.counts": countReplicas,
	"tagStates.list": listTagStates,
	"tagStates.digests": findTagDigests,
	"tagStates.attached": listAttached,
	"tagStates.changed": listChanged,
	"moves.list": listMoves,
	"moves.progress": moveProgress,
	"moves.repositories": movingRepositories,
	"moves.wanting": wantedBlobs,
	"origins.identity": findIdentity,
	"origins.restoration": restoration,
	"transfer.tables": listTables,
	"transfer.count": countRows,
	"transfer.schema": readSchema,
	"transfer.capturing": isCapturing,
	"transfer.changes": readChanges,
	"transfer.page": readPage,
	"transfer.rows": readRows,
	"transfer.checkpoint": readCheckpoint,
	"transfer.isSmall": isSmall,
	"transfer.digest": digestRange,
	"transfer.numbers": readNumbers,
	"transfer.departure": findDeparture,
	"transfer.arrival": findArrival,
	"transfer.foreign": refuseForeign,
} as const;

type CommandTable = typeof commands;
type QueryTable = typeof queries;

/** The name of a command. */
export type CommandName = keyof CommandTable;
/** The name of a query. */
export type QueryName = keyof QueryTable;

/** Functions that take nothing are asked with undefined. */
type InputOf<F> = F extends () => unknown
	? undefined
	: F extends (input: infer In, context: StepContext) => unknown
		? In
		: never;
type OutputOf<F> = F extends (...args: never) => Step<infer Out> ? Out : never;

/** What the command `N` takes. */
export type CommandInput<N extends CommandName> = InputOf<CommandTable[N]>;
/** What the command `N` answers. */
export type CommandOutput<N extends CommandName> = OutputOf<CommandTable[N]>;
/** What the query `N` takes. */
export type QueryInput<N extends QueryName> = InputOf<QueryTable[N]>;
/** What the query `N` answers. */
export type QueryOutput<N extends QueryName> = OutputOf<QueryTable[N]>;
