import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { badRequest, noSuchPath, noSuchResource, notFound, StatusError } from "#/kube-embedded/status-error.ts";
import { requestToken } from "#/kube-embedded/tokens/request-token.ts";
import type { TokenSigner } from "#/kube-embedded/tokens/token-signer.ts";
import type { Target } from "#/kube-embedded/verbs/verb-deps.ts";
import { type ApiReply, type ApiRequest, isAsked } from "./api-request.ts";
import { type DiscoveryDeps, discover } from "./discovery-handlers.ts";
import { readBody } from "./read-body.ts";
import { getObject, listObjects, type ReadDeps, type Scope, watchObjects } from "./read-handlers.ts";
import { parseResourcePath, type ResourcePath } from "./request-path.ts";
import { getScale, scalable, writeScale } from "./scale-handlers.ts";
import { createObject, deleteObject, deleteObjects, patchObject, replaceObject } from "./write-handlers.ts";

/** What answers requests. */
export interface RouteDeps extends ReadDeps, DiscoveryDeps {
	readonly signer: TokenSigner;
}

const refuseMethod = (): StatusError =>
	new StatusError("MethodNotAllowed", "the server does not allow this method on the requested resource", {});

/** Nothing is served at a path of this kind: of built-in ones the server knows as much as to say so in a `Status`. */
const nothingAt = ({ crd }: ServedKind): StatusError => (crd === undefined ? noSuchResource() : noSuchPath());

const collection = (request: ApiRequest, scope: Scope, deps: RouteDeps): Promise<ApiReply> | ApiReply => {
	const isWhole = scope.kind.type.namespaced && scope.namespace === undefined;
	if (request.method === "GET") {
		return isAsked(request, "watch") ? watchObjects(request, scope, deps) : listObjects(request, scope, deps);
	}
	if (isWhole) throw scope.kind.crd === undefined ? refuseMethod() : noSuchPath();
	if (request.method === "PUT" && scope.kind.crd !== undefined) throw badRequest("name must be provided");
	if (request.method === "POST") return createObject(request, scope, deps);
	if (request.method === "DELETE" && scope.kind.verbs.includes("deletecollection")) {
		return deleteObjects(request, scope, deps);
	}
	throw refuseMethod();
};

const single = (request: ApiRequest, target: Target, deps: RouteDeps): Promise<ApiReply> | ApiReply => {
	switch (request.method) {
		case "GET":
			return getObject(request, target, deps);
		case "PUT":
			return replaceObject(request, { ...target, subresource: undefined }, deps);
		case "PATCH":
			return patchObject(request, { ...target, subresource: undefined }, deps);
		case "DELETE":
			return deleteObject(request, target, deps);
		case "POST":
			// Of a custom resource that is created, the path need not say the name, and may.
			if (target.kind.crd === undefined) throw refuseMethod();
			return createObject(request, target, deps);
		default:
			throw refuseMethod();
	}
};

/** Custom resources are served by one handler for all paths below them, built-in ones by one for each. */
const noSuchPart = ({ kind, name }: Target): StatusError =>
	kind.crd === undefined ? noSuchResource() : notFound(kind.type, name);

const statusOf = (request: ApiRequest, target: Target, deps: RouteDeps): Promise<ApiReply> | ApiReply => {
	if (!target.kind.hasStatus) throw noSuchPart(target);
	if (request.method === "GET") return getObject(request, target, deps);
	if (request.method === "PUT") return replaceObject(request, { ...target, subresource: "status" }, deps);
	if (request.method === "PATCH") return patchObject(request, { ...target, subresource: "status" }, deps);
	throw refuseMethod();
};

const tokenOf = async (request: ApiRequest, target: Target, deps: RouteDeps): Promise<ApiReply> => {
	if (request.method !== "POST") throw refuseMethod();
	const { value } = await readBody(request);
	return { status: 201, json: requestToken(target, value, { ...deps, issuer: deps.url() }) };
};

const subresource = (
	request: ApiRequest,
	{ subresource: named, ...target }: Target & { readonly subresource: string },
	deps: RouteDeps,
): Promise<ApiReply> | ApiReply => {
	if (named === "status") return statusOf(request, target, deps);
	if (named === "token" && target.kind.storage === "/serviceaccounts") return tokenOf(request, target, deps);
	if (named !== "scale" || target.kind.scale === undefined) throw noSuchPart(target);
	const scaled = scalable(target.kind, target);
	if (request.method === "GET") return getScale(scaled, deps);
	if (request.method === "PUT" || request.method === "PATCH") return writeScale(request, scaled, deps);
	throw refuseMethod();
};

const onResource = (
	request: ApiRequest,
	kind: ServedKind,
	path: ResourcePath,
	deps: RouteDeps,
): Promise<ApiReply> | ApiReply => {
	const { namespace, name } = path;
	if (!kind.type.namespaced && namespace !== undefined) throw nothingAt(kind);
	if (name === undefined) return collection(request, { kind, namespace }, deps);
	if (kind.type.namespaced && namespace === undefined) {
		throw nothingAt(kind);
	}
	const target = { kind, namespace: namespace ?? "", name };
	if (path.subresource === undefined) return single(request, target, deps);
	return subresource(request, { ...target, subresource: path.subresource }, deps);
};

const openIdConfiguration = (issuer: string): ApiReply => ({
	status: 200,
	json: {
		issuer,
		jwks_uri: `${issuer}/openid/v1/jwks`,
		response_types_supported: ["id_token"],
		subject_types_supported: ["public"],
		id_token_signing_alg_values_supported: ["RS256"],
	},
});

/** What anybody may ask, for it says nothing about objects; undefined for other paths. */
export const routePublic = (request: Pick<ApiRequest, "url">, deps: RouteDeps): ApiReply | undefined => {
	const { pathname } = request.url;
	if (/^\/(?:healthz|livez|readyz)(?:\/|$)/.test(pathname)) {
		return { status: 200, headers: { "Content-Type": "text/plain; charset=utf-8" }, text: "ok" };
	}
	if (pathname === "/.well-known/openid-configuration") return openIdConfiguration(deps.url());
	if (pathname !== "/openid/v1/jwks") return undefined;
	return { status: 200, headers: { "Content-Type": "application/jwk-set+json" }, json: deps.signer.keySet() };
};

/** Groups that are built in know what they do not have; of all else the server knows nothing. */
const nothingBelow = (path: string, { kinds }: RouteDeps): StatusError => {
	const [root, group] = path.split("/").filter((segment) => segment !== "");
	const isKnown = root === "apis" && kinds.all().some(({ type, crd }) => type.group === group && crd === undefined);
	return root === "api" || isKnown ? noSuchResource() : noSuchPath();
};

/** Answers a request of a client that has shown who it is. @throws StatusError */
export const route = (request: ApiRequest, deps: RouteDeps): Promise<ApiReply> | ApiReply => {
	if (request.method === "GET") {
		const told = discover(request, deps);
		if (told !== undefined) return told;
	}
	const path = parseResourcePath(request.url.pathname);
	const kind = path === undefined ? undefined : deps.kinds.find(path);
	if (path === undefined || kind === undefined) throw nothingBelow(request.url.pathname, deps);
	return onResource(request, kind, path, deps);
};
