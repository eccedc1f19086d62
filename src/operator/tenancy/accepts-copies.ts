import { isSelected, type LabelSelector } from "#/api/fields/selectors.ts";
import type { NamespaceFacts } from "./may-bind.ts";

/** By this label the owner of a namespace accepts copies of Secrets from the namespace that is its value. */
export const ACCEPT_LABEL = "limani.dev/accept-from";

/**
 * Whether a namespace gets a copy of a Secret from `source`: whoever sends it selects the namespace, and its owner
 * accepts. A namespace is never sent a copy of its own.
 */
export const acceptsCopies = (namespace: NamespaceFacts, source: string, selector: LabelSelector): boolean =>
	namespace.name !== source && namespace.labels[ACCEPT_LABEL] === source && isSelected(selector, namespace.labels);
