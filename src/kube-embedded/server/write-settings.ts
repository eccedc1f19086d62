import { badRequest, StatusError } from "#/kube-embedded/status-error.ts";
import type { WriteSettings } from "#/kube-embedded/verbs/verb-deps.ts";
import { type ApiRequest, queryOf } from "./api-request.ts";

/** Whether the request, or the options in its body, is for show. @throws StatusError BadRequest for another value than All */
export const isDryRun = (values: readonly unknown[]): boolean => {
	if (values.some((value) => value !== "All")) {
		throw badRequest(`Invalid value: ${JSON.stringify(values)}: supported values: "All"`);
	}
	return values.length > 0;
};

const managerOf = (request: Pick<ApiRequest, "url" | "headers">): string => {
	const named = queryOf(request, "fieldManager");
	if (named !== undefined && named.length > 128)
		throw badRequest("fieldManager: Too long: may not be more than 128 bytes");
	return named ?? ((request.headers["user-agent"] ?? "").split("/")[0]?.slice(0, 128) || "unknown");
};

/** The options of a write, from its query. @throws StatusError BadRequest, Invalid */
export const writeSettings = (
	request: Pick<ApiRequest, "url" | "headers">,
	subresource: WriteSettings["subresource"],
): WriteSettings => {
	const unknownFields = queryOf(request, "fieldValidation") ?? "Warn";
	if (unknownFields !== "Strict" && unknownFields !== "Warn" && unknownFields !== "Ignore") {
		const message = `fieldValidation: Unsupported value: "${unknownFields}": supported values: "Ignore", "Strict", "Warn"`;
		throw new StatusError("Invalid", message);
	}
	return {
		dryRun: isDryRun(request.url.searchParams.getAll("dryRun").filter((value) => value !== "")),
		manager: managerOf(request),
		unknownFields,
		subresource,
	};
};
