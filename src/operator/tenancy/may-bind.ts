import { isSelected } from "#/api/fields/selectors.ts";
import type { Registry } from "#/api/kinds/registry.ts";

/** A namespace, as far as consent goes. */
export interface NamespaceFacts {
	readonly name: string;
	readonly labels: { readonly [key: string]: string };
}

/**
 * Whether Projects and RobotAccounts of a namespace may name a Registry: those of its own may, and those that its
 * `allowedNamespaces` names or selects.
 */
export const mayBind = (
	{
		metadata,
		spec,
	}: { readonly metadata: { readonly namespace: string }; readonly spec: Pick<Registry["spec"], "allowedNamespaces"> },
	namespace: NamespaceFacts,
): boolean => {
	if (namespace.name === metadata.namespace) return true;
	const { names, selector } = spec.allowedNamespaces;
	return names.includes(namespace.name) || (selector !== undefined && isSelected(selector, namespace.labels));
};
