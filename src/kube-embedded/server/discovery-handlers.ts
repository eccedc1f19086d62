import { AGGREGATED, aggregatedGroups } from "#/kube-embedded/discovery/aggregated-discovery.ts";
import { groupsOf } from "#/kube-embedded/discovery/group-versions.ts";
import type { OpenApiDocuments } from "#/kube-embedded/discovery/openapi-documents.ts";
import { OPENAPI_V2, OPENAPI_V2_PROTOBUF, openApiV2Protobuf } from "#/kube-embedded/discovery/openapi-v2.ts";
import { apiGroup, groupList, resourceList } from "#/kube-embedded/discovery/plain-discovery.ts";
import type { KindRegistry } from "#/kube-embedded/kinds/kind-registry.ts";
import { noSuchPath, noSuchResource, StatusError } from "#/kube-embedded/status-error.ts";
import { acceptedTypes } from "./accepted-form.ts";
import type { ApiReply, ApiRequest } from "./api-request.ts";

/** What discovery tells of. */
export interface DiscoveryDeps {
	readonly kinds: KindRegistry;
	readonly documents: OpenApiDocuments;
	/** Where clients reach the API. */
	readonly url: () => string;
}

/** The version that the API says it is: the one whose behaviour it follows. */
const VERSION = {
	major: "1",
	minor: "35",
	gitVersion: "v1.35.0+limani",
	gitCommit: "",
	gitTreeState: "clean",
	buildDate: "2026-01-01T00:00:00Z",
	goVersion: "none",
	compiler: "none",
	platform: "linux/amd64",
};

const wantsAggregated = (request: ApiRequest): boolean => {
	for (const { type, parameters } of acceptedTypes(request)) {
		if (type !== "application/json") continue;
		const as = parameters.get("as");
		if (as === undefined) return false;
		if (as === "APIGroupDiscoveryList" && parameters.get("v") === "v2") return true;
	}
	return false;
};

const json = (value: unknown): ApiReply => ({ status: 200, json: value });

const legacyRoot = ({ url }: DiscoveryDeps): ApiReply =>
	json({
		kind: "APIVersions",
		versions: ["v1"],
		serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: new URL(url()).host }],
	});

const discoverBelow = (segments: readonly string[], { kinds }: DiscoveryDeps): ApiReply => {
	const [group = "", version] = segments[0] === "api" ? ["", segments[1]] : segments.slice(1);
	const versions = groupsOf(kinds).get(group) ?? [];
	if (version === undefined && versions.length > 0)
		return json({ kind: "APIGroup", apiVersion: "v1", ...apiGroup(versions) });
	const found = versions.find((served) => served.version === version);
	if (found === undefined) throw group === "" ? noSuchResource() : noSuchPath();
	return json(resourceList(found));
};

const discoverRoot = (request: ApiRequest, root: "api" | "apis", deps: DiscoveryDeps): ApiReply => {
	const groups = groupsOf(deps.kinds);
	if (wantsAggregated(request)) {
		const wanted = [...groups].filter(([group]) => (group === "") === (root === "api")).map(([, versions]) => versions);
		return { ...json(aggregatedGroups(wanted)), headers: { "Content-Type": AGGREGATED, Vary: "Accept" } };
	}
	return root === "api" ? legacyRoot(deps) : json(groupList(groups));
};

const openApi = (request: ApiRequest, path: string, { documents }: DiscoveryDeps): ApiReply => {
	const accepts = acceptedTypes(request).map(({ type }) => type);
	if (!accepts.some((type) => ["application/json", "application/*", "*/*", ""].includes(type))) {
		throw new StatusError("NotAcceptable", "only the following media types are accepted: application/json");
	}
	if (path === "") return json(documents.index());
	const text = documents.find(path);
	if (text === undefined) throw noSuchPath();
	return { status: 200, headers: { "Content-Type": "application/json" }, text };
};

const openApiV2 = (request: ApiRequest): ApiReply => {
	const asked = acceptedTypes(request).map(({ type }) => type);
	if (!asked.some((type) => type.startsWith("application/com.github.proto-openapi.spec.v2"))) return json(OPENAPI_V2);
	return { status: 200, headers: { "Content-Type": OPENAPI_V2_PROTOBUF }, text: openApiV2Protobuf() };
};

/** What the API tells of itself, at paths that are about no object; undefined for others. @throws StatusError NotFound */
export const discover = (request: ApiRequest, deps: DiscoveryDeps): ApiReply | undefined => {
	const segments = request.url.pathname.split("/").filter((segment) => segment !== "");
	const [root, second] = segments;
	if (root === "version" && segments.length === 1) return json(VERSION);
	if (root === "openapi") {
		if (second === "v2" && segments.length === 2) return openApiV2(request);
		if (second !== "v3") throw noSuchPath();
		return openApi(request, segments.slice(2).join("/"), deps);
	}
	if (root !== "api" && root !== "apis") return undefined;
	if (segments.length === 1) return discoverRoot(request, root, deps);
	return segments.length <= (root === "api" ? 2 : 3) ? discoverBelow(segments, deps) : undefined;
};
