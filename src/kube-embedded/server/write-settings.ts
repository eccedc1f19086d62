import type { FieldCause } from "#/kube-embedded/schema/kind-rules.ts";
import { invalidOptions } from "#/kube-embedded/status-error.ts";
import type { WriteSettings } from "#/kube-embedded/verbs/verb-deps.ts";
import { type ApiRequest, queryOf } from "./api-request.ts";
import { contentType } from "./read-body.ts";

/** What is wrong with the wish, of a request or of the options in its body, to be for show. */
export const dryRunCauses = (values: readonly unknown[]): readonly FieldCause[] => {
	if (values.every((value) => value === "All")) return [];
	const message = `Unsupported value: ${JSON.stringify(values)}: supported values: "All"`;
	return [{ reason: "FieldValueNotSupported", field: "dryRun", message }];
};

const LONGEST_MANAGER = 128;

const managerCauses = (manager: string): readonly FieldCause[] => {
	const field = "fieldManager";
	if (manager.length > LONGEST_MANAGER) {
		const message = `Too long: may not be more than ${LONGEST_MANAGER} bytes`;
		return [{ reason: "FieldValueTooLong", field, message }];
	}
	if (!/\p{C}/u.test(manager)) return [];
	const message = `Invalid value: ${JSON.stringify(manager)}: should only contain printable characters`;
	return [{ reason: "FieldValueInvalid", field, message }];
};

const validationCauses = (unknownFields: string): readonly FieldCause[] => {
	if (["", "Strict", "Warn", "Ignore"].includes(unknownFields)) return [];
	const message = `Unsupported value: ${JSON.stringify(unknownFields)}: supported values: "", "Ignore", "Strict", "Warn"`;
	return [{ reason: "FieldValueNotSupported", field: "fieldValidation", message }];
};

const FORCED: FieldCause = {
	reason: "FieldValueForbidden",
	field: "force",
	message: "Forbidden: may not be specified for non-apply patch",
};

/** What Kubernetes calls the options of a method. */
const OPTIONS: Readonly<Record<string, string>> = {
	POST: "CreateOptions",
	PUT: "UpdateOptions",
	PATCH: "PatchOptions",
};

const managerOf = (request: Pick<ApiRequest, "url" | "headers">): string =>
	queryOf(request, "fieldManager") ??
	((request.headers["user-agent"] ?? "").split("/")[0]?.slice(0, LONGEST_MANAGER) || "unknown");

/** The options of a write, from its query. @throws StatusError Invalid */
export const writeSettings = (
	request: Pick<ApiRequest, "url" | "headers" | "method">,
	subresource: WriteSettings["subresource"],
): WriteSettings => {
	const unknownFields = queryOf(request, "fieldValidation") ?? "";
	const dryRun = request.url.searchParams.getAll("dryRun").filter((value) => value !== "");
	const isApply = request.method === "PATCH" && contentType(request) === "application/apply-patch+yaml";
	const manager = queryOf(request, "fieldManager");
	const unnamed: FieldCause = {
		reason: "FieldValueRequired",
		field: "fieldManager",
		message: "Required value: is required for apply patch",
	};
	const causes = [
		...(isApply && manager === undefined ? [unnamed] : []),
		...(request.method === "PATCH" && !isApply && queryOf(request, "force") !== undefined ? [FORCED] : []),
		...managerCauses(manager ?? ""),
		...dryRunCauses(dryRun),
		...validationCauses(unknownFields),
	];
	if (causes.length > 0) throw invalidOptions(OPTIONS[request.method] ?? "PatchOptions", causes);
	return {
		dryRun: dryRun.length > 0,
		manager: managerOf(request),
		unknownFields: unknownFields === "Strict" || unknownFields === "Ignore" ? unknownFields : "Warn",
		subresource,
	};
};
