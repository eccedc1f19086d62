import { StatusError } from "#/kube-embedded/status-error.ts";
import type { ApiRequest } from "./api-request.ts";

/** In which form a client wants objects: as they are, as rows for people, or their metadata alone. */
export type AcceptedForm = "whole" | "table" | "metadata";

const FORMS: Readonly<Record<string, AcceptedForm>> = {
	Table: "table",
	PartialObjectMetadata: "metadata",
	PartialObjectMetadataList: "metadata",
};

const JSON_TYPES = ["application/json", "application/yaml", "application/*", "*/*", ""];

/** The media types of an `Accept` header, in the client's order, with their parameters. */
export const acceptedTypes = ({ headers }: Pick<ApiRequest, "headers">) =>
	(headers.accept ?? "").split(",").map((entry) => {
		const [type = "", ...parameters] = entry.split(";").map((part) => part.trim());
		return { type, parameters: new Map(parameters.map((parameter) => splitOnce(parameter))) };
	});

const splitOnce = (parameter: string): [string, string] => {
	const at = parameter.indexOf("=");
	return at < 0 ? [parameter, ""] : [parameter.slice(0, at), parameter.slice(at + 1)];
};

/** The first form that the client takes and this API can give. @throws StatusError NotAcceptable */
export const acceptedForm = (request: Pick<ApiRequest, "headers">): AcceptedForm => {
	for (const { type, parameters } of acceptedTypes(request)) {
		if (!JSON_TYPES.includes(type)) continue;
		const as = parameters.get("as");
		if (as === undefined) return "whole";
		const form = FORMS[as];
		if (form !== undefined && parameters.get("v") === "v1") return form;
	}
	const types = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
	throw new StatusError("NotAcceptable", `only the following media types are accepted: ${types}`);
};
