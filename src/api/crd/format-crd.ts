import { stringify } from "yaml";
import type { CustomResourceDefinition } from "./to-crd.ts";

/** A definition as YAML: the same definition always gives the same bytes. */
export const formatCrd = (crd: CustomResourceDefinition): string =>
	stringify(crd, { sortMapEntries: true, lineWidth: 120, aliasDuplicateObjects: false });
