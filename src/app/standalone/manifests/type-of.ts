import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import {
	apiVersionOf,
	CONFIG_MAPS,
	NAMESPACES,
	type ResourceType,
	SECRETS,
	SERVICE_ACCOUNTS,
} from "#/kube/resource-type.ts";

const TYPES: readonly ResourceType[] = [NAMESPACES, SECRETS, CONFIG_MAPS, SERVICE_ACCOUNTS, ...ALL_KINDS];

/** Where objects of a manifest's kind are; absent for kinds that manifests of standalone mode do not have. */
export const typeOf = ({ apiVersion, kind }: KubeObject): ResourceType | undefined =>
	TYPES.find((type) => type.kind === kind && apiVersionOf(type) === apiVersion);
