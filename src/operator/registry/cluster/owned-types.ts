import type { KubeObject } from "#/kube/kube-object.ts";
import {
	CONFIG_MAPS,
	DEPLOYMENTS,
	HORIZONTAL_POD_AUTOSCALERS,
	INGRESSES,
	NETWORK_POLICIES,
	POD_DISRUPTION_BUDGETS,
	type ResourceType,
	SERVICE_ACCOUNTS,
	SERVICES,
	STATEFUL_SETS,
} from "#/kube/resource-type.ts";

/** The types of the objects that a Registry is made of, Secrets and volume claims aside, which outlive changes. */
export const OWNED_TYPES: readonly ResourceType[] = [
	SERVICE_ACCOUNTS,
	CONFIG_MAPS,
	SERVICES,
	NETWORK_POLICIES,
	STATEFUL_SETS,
	DEPLOYMENTS,
	POD_DISRUPTION_BUDGETS,
	HORIZONTAL_POD_AUTOSCALERS,
	INGRESSES,
];

/** The type of an object that is one of these, of which no two have a kind of the same name. @throws RangeError when it is none */
export const ownedTypeOf = ({ kind }: Pick<KubeObject, "kind">): ResourceType => {
	const found = OWNED_TYPES.find((type) => type.kind === kind);
	if (found === undefined) throw new RangeError(`a Registry is not made of ${kind}`);
	return found;
};
