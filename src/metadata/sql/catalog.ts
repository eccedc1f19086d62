/** Every command and query by name: the one list that engines run from, and that the types are read off. */

import { completeUpload } from "./commands/complete-upload.ts";
import { applyChange, beginEpoch, resync } from "./commands/control.ts";
import { createUpload } from "./commands/create-upload.ts";
import { cancelUpload, expireUploads } from "./commands/end-upload.ts";
import { acquireUpload, extendUpload, releaseUpload } from "./commands/hold-upload.ts";
import { adoptSegment, pruneJournal, sealSegment, takeLease } from "./commands/journal.ts";
import { mountBlob } from "./commands/mount-blob.ts";
import { claimCondemned, condemn, forgetObject, intendObject, settleIntended } from "./commands/objects.ts";
import { putManifest } from "./commands/put-manifest.ts";
import { putRefreshToken } from "./commands/refresh-tokens.ts";
import { removeManifest, removeTag } from "./commands/remove-manifest.ts";
import { restoreRecords } from "./commands/restore.ts";
import { advanceSigningKeys, replaceSigningKeys } from "./commands/signing-keys.ts";
import { unlinkBlob } from "./commands/unlink-blob.ts";
import { watchClock } from "./commands/watch-clock.ts";
import { currentControl, observe } from "./control-rows.ts";
import { blobHolders, findBlob } from "./queries/blobs.ts";
import { findRefreshToken, findRobot, findUser } from "./queries/identities.ts";
import { findManifest, listReferrers, listTags } from "./queries/manifests.ts";
import { findProject, listProjects } from "./queries/projects.ts";
import { catalog, findRepository } from "./queries/repositories.ts";
import { listSigningKeys } from "./queries/signing-keys.ts";
import { snapshotPage } from "./queries/snapshot-pages.ts";
import { projectUsage, recountUsage } from "./queries/usage.ts";
import { findUpload, lastSegment, listObjects, unjournaled } from "./queries/work.ts";
import type { Step, StepContext } from "./statement.ts";

/** The registry's commands. */
export const commands = {
	"manifests.put": putManifest,
	"manifests.remove": removeManifest,
	"manifests.removeTag": removeTag,
	"blobs.mount": mountBlob,
	"blobs.unlink": unlinkBlob,
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
	"outbox.seal": sealSegment,
	"outbox.prune": pruneJournal,
	"outbox.lease": takeLease,
	"identities.putRefreshToken": putRefreshToken,
	"signingKeys.advance": advanceSigningKeys,
	"signingKeys.replaceAll": replaceSigningKeys,
	"control.begin": beginEpoch,
	"control.apply": applyChange,
	"control.resync": resync,
	"snapshots.restore": restoreRecords,
	"snapshots.adopt": adoptSegment,
} as const;

/** The registry's queries. */
export const queries = {
	"projects.find": findProject,
	"projects.list": listProjects,
	"usages.find": projectUsage,
	"usages.recount": recountUsage,
	"identities.findUser": findUser,
	"identities.findRobot": findRobot,
	"identities.findRefreshToken": findRefreshToken,
	"repositories.find": findRepository,
	"repositories.catalog": catalog,
	"manifests.find": findManifest,
	"manifests.tags": listTags,
	"manifests.referrers": listReferrers,
	"blobs.find": findBlob,
	"blobs.holders": blobHolders,
	"uploads.find": findUpload,
	"objects.list": listObjects,
	"outbox.unjournaled": unjournaled,
	"outbox.lastSegment": lastSegment,
	"signingKeys.list": listSigningKeys,
	"control.current": currentControl,
	"control.observe": observe,
	"snapshots.page": snapshotPage,
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
