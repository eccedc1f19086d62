import type { Action } from "#/auth/access.ts";
import type { Reply } from "#/http/reply.ts";
import type { V2Endpoint } from "#/oci/path.ts";
import { deleteBlob, getBlob } from "./blobs.ts";
import type { V2Context } from "./context.ts";
import { getAttached, getExtensions, getTagDigests } from "./extensions.ts";
import { getCatalog, getReferrers, getTags } from "./listings.ts";
import { deleteManifest, getManifest, putManifest } from "./manifests.ts";
import { appendChunk, cancelUpload, finishUpload, getUpload, startUpload } from "./uploads.ts";

/** What has to be allowed before a handler runs: an action on the path's repository, or just an identity. */
type Need = Action | "identity";

/** One method of one endpoint. */
export interface Route<P extends V2Endpoint = V2Endpoint> {
	readonly need: Need;
	readonly handle: (context: V2Context, path: P) => Promise<Reply>;
}

type Kind = V2Endpoint["kind"];
type Routes = { readonly [K in Kind]: { readonly [method: string]: Route<Extract<V2Endpoint, { kind: K }>> } };

const get = <P extends V2Endpoint>(
	handle: Route<P>["handle"],
	need: Need = "pull",
): { GET: Route<P>; HEAD: Route<P> } => ({
	GET: { need, handle },
	HEAD: { need, handle },
});

/** Every endpoint of the distribution specification ("Endpoints") and of extensions, by kind of path and method. */
const ROUTES: Routes = {
	base: get(async () => ({ status: 200, headers: ["Content-Type", "application/json"], body: "{}" }), "identity"),
	catalog: get(getCatalog, "identity"),
	tags: get(getTags),
	referrers: get(getReferrers),
	extensions: get(getExtensions),
	tagDigests: get(getTagDigests),
	attached: get(getAttached),
	manifest: {
		...get(getManifest),
		PUT: { need: "push", handle: putManifest },
		DELETE: { need: "delete", handle: deleteManifest },
	},
	blob: { ...get(getBlob), DELETE: { need: "delete", handle: deleteBlob } },
	uploads: { POST: { need: "push", handle: startUpload } },
	upload: {
		...get(getUpload, "push"),
		PATCH: { need: "push", handle: appendChunk },
		PUT: { need: "push", handle: finishUpload },
		DELETE: { need: "push", handle: cancelUpload },
	},
};

/** The route for a method of an endpoint; undefined when the endpoint does not have the method. */
export const findRoute = (path: V2Endpoint, method: string): Route | undefined => {
	const routes: { readonly [method: string]: Route<never> } = ROUTES[path.kind];
	// The table pairs each kind with handlers of that very kind; the type system cannot follow a look-up by kind.
	return Object.hasOwn(routes, method) ? (routes[method] as Route | undefined) : undefined;
};

/** The methods that an endpoint has, for the Allow header (RFC 9110 §15.5.6). */
export const allowedMethods = (path: V2Endpoint): readonly string[] => Object.keys(ROUTES[path.kind]);
