import type { KubeObject } from "#/kube/kube-object.ts";
import { fieldAt, isRecord, listAt, textAt, textsAt } from "#/kube-embedded/json.ts";
import { rulesOfCrd } from "#/kube-embedded/schema/rules-of-crd.ts";
import { crdColumns } from "#/kube-embedded/tables/crd-columns.ts";
import { CUSTOM_VERBS, type ScalePaths, type ServedKind } from "./served-kind.ts";

const pathOf = (text: string): readonly string[] => text.split(".").filter((part) => part !== "");

const scaleOf = (version: unknown): ScalePaths | undefined => {
	const scale = fieldAt(version, ["subresources", "scale"]);
	const selector = textAt(scale, "labelSelectorPath");
	if (!isRecord(scale)) return undefined;
	return {
		specReplicas: pathOf(textAt(scale, "specReplicasPath") ?? ""),
		statusReplicas: pathOf(textAt(scale, "statusReplicasPath") ?? ""),
		selector: selector === undefined ? undefined : pathOf(selector),
	};
};

const asText = (value: unknown): string =>
	typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";

const selectableOf = (version: unknown): ServedKind["selectable"] =>
	Object.fromEntries(
		listAt(version, "selectableFields").map((field) => {
			const path = pathOf(textAt(field, "jsonPath") ?? "");
			return [path.join("."), (object: KubeObject) => asText(fieldAt(object, path))];
		}),
	);

const storedAs = (crd: KubeObject, { group, kind }: { readonly group: string; readonly kind: string }) => {
	const stored = listAt(crd, "spec", "versions").find((version) => fieldAt(version, ["storage"]) === true);
	return { group, version: textAt(stored, "name") ?? "", kind };
};

const kindOf = (crd: KubeObject, version: unknown): ServedKind => {
	const [group, plural, kind] = [
		textAt(crd, "spec", "group"),
		...["plural", "kind"].map((name) => textAt(crd, "spec", "names", name)),
	];
	const name = textAt(version, "name");
	if (group === undefined || plural === undefined || kind === undefined || name === undefined) {
		throw new TypeError("the definition names no group, plural, kind or version");
	}
	const rules = rulesOfCrd(crd, name);
	return {
		type: { group, version: name, plural, kind, namespaced: textAt(crd, "spec", "scope") === "Namespaced" },
		singular: textAt(crd, "spec", "names", "singular") ?? kind.toLowerCase(),
		listKind: textAt(crd, "spec", "names", "listKind") ?? `${kind}List`,
		shortNames: textsAt(crd, "spec", "names", "shortNames"),
		categories: textsAt(crd, "spec", "names", "categories"),
		verbs: CUSTOM_VERBS,
		storedAs: storedAs(crd, { group, kind }),
		storage: `${group}/${plural}`,
		rules,
		hasStatus: isRecord(fieldAt(version, ["subresources", "status"])),
		hasGeneration: true,
		scale: scaleOf(version),
		createsOnUpdate: false,
		replacesBlindly: false,
		columns: crdColumns(version),
		selectable: selectableOf(version),
		crd,
		fromStored: (object) => rules.read({ ...object, apiVersion: `${group}/${name}`, kind }),
		toStored: (object) => object,
	};
};

/**
 * The versions that a CustomResourceDefinition serves.
 *
 * @throws Error when it cannot be served, with words for its author
 */
export const crdKinds = (crd: KubeObject): readonly ServedKind[] =>
	listAt(crd, "spec", "versions")
		.filter((version) => fieldAt(version, ["served"]) === true)
		.map((version) => kindOf(crd, version));
