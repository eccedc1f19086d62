import type { FieldCause } from "#/kube-embedded/schema/kind-rules.ts";
import { invalidOptions } from "#/kube-embedded/status-error.ts";
import { type ApiRequest, isAsked, queryOf } from "./api-request.ts";

const MATCH = "resourceVersionMatch";

const forbid = (field: string, why: string): FieldCause => ({
	reason: "FieldValueForbidden",
	field,
	message: `Forbidden: ${why}`,
});

const unsupported = (match: string, supported: string): FieldCause => ({
	reason: "FieldValueNotSupported",
	field: MATCH,
	message: `Unsupported value: ${JSON.stringify(match)}: supported values: ${supported}`,
});

const watchCauses = (match: string | undefined, initial: string | undefined): FieldCause[] => {
	if (initial !== undefined && match === undefined) {
		return [forbid(MATCH, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")];
	}
	if (match === undefined) return [];
	return [
		...(initial === undefined
			? [forbid(MATCH, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")]
			: []),
		...(match === "NotOlderThan" ? [] : [unsupported(match, '"NotOlderThan"')]),
	];
};

const listCauses = (request: Pick<ApiRequest, "url">, match: string): FieldCause[] => {
	const version = queryOf(request, "resourceVersion");
	return [
		...(version === undefined
			? [forbid(MATCH, "resourceVersionMatch is forbidden unless resourceVersion is provided")]
			: []),
		...(queryOf(request, "continue") === undefined
			? []
			: [forbid(MATCH, "resourceVersionMatch is forbidden when continue is provided")]),
		...(match === "Exact" || match === "NotOlderThan" ? [] : [unsupported(match, '"Exact", "NotOlderThan", ""')]),
		...(match === "Exact" && version === "0"
			? [forbid(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')]
			: []),
	];
};

/** Refuses options of a list or a watch that contradict each other. @throws StatusError Invalid */
export const checkListOptions = (request: Pick<ApiRequest, "url">): void => {
	const match = queryOf(request, MATCH);
	const initial = queryOf(request, "sendInitialEvents");
	const causes = isAsked(request, "watch")
		? watchCauses(match, initial)
		: [
				...(initial === undefined ? [] : [forbid("sendInitialEvents", "sendInitialEvents is forbidden for list")]),
				...(match === undefined ? [] : listCauses(request, match)),
			];
	if (causes.length > 0) throw invalidOptions("ListOptions", causes);
};
