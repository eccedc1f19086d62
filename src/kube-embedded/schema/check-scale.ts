import type { KubeObject } from "#/kube/kube-object.ts";
import { invalid } from "./causes.ts";
import { goType } from "./go-type.ts";
import { isRecord, type JsonRecord, stringAt } from "./json-record.ts";
import type { FieldCause } from "./kind-rules.ts";

/** More replicas than that nothing has. */
const MOST = 2_147_483_647;

type Found = { readonly value: unknown } | { readonly problem: string };

const found = (object: unknown, path: string): Found => {
	const names = path.split(".").filter((name) => name !== "");
	let value: unknown = object;
	for (const [at, name] of names.entries()) {
		if (value === null || value === undefined) return { value: undefined };
		if (!isRecord(value)) return wrongType(`.${names.slice(0, at + 1).join(".")}`, value, "map[string]interface{}");
		value = value[name];
	}
	return { value };
};

const wrongType = (path: string, value: unknown, wanted: string): Found => {
	const shown = typeof value === "string" ? value : JSON.stringify(value);
	return { problem: `${path} accessor error: ${shown} is of the type ${goType(value)}, expected ${wanted}` };
};

const checkReplicas = (object: KubeObject, path: string): readonly FieldCause[] => {
	const place = found(object, path);
	if ("problem" in place) return [invalid(path, 0, place.problem)];
	const { value } = place;
	if (value === undefined) return [];
	if (!Number.isInteger(value)) {
		const wrong = wrongType(path, value, "int64");
		return "problem" in wrong ? [invalid(path, 0, wrong.problem)] : [];
	}
	if (Number(value) < 0) return [invalid(path, value, "should be a non-negative integer")];
	return Number(value) > MOST ? [invalid(path, value, `should be less than or equal to ${MOST}`)] : [];
};

const checkSelector = (object: KubeObject, path: string): readonly FieldCause[] => {
	const place = found(object, path);
	const wrong =
		"problem" in place || place.value === undefined || typeof place.value === "string"
			? place
			: wrongType(path, place.value, "string");
	return "problem" in wrong ? [invalid(path, "", wrong.problem)] : [];
};

/** What a scale subresource asks of the objects of its kind: that where it finds its numbers there are some. */
export const checkScale =
	(scale: JsonRecord): ((object: KubeObject) => readonly FieldCause[]) =>
	(object) => {
		const at = (name: string) => stringAt(scale, name) ?? "";
		const [spec, status, selector] = [at("specReplicasPath"), at("statusReplicasPath"), at("labelSelectorPath")];
		return [
			...(spec === "" ? [] : checkReplicas(object, spec)),
			...(status === "" ? [] : checkReplicas(object, status)),
			...(selector === "" ? [] : checkSelector(object, selector)),
		];
	};
