import { z } from "zod";
import { entryKey, namespaceName, objectName } from "./names.ts";

/** Names a Registry, in the same namespace unless it says otherwise. */
export const registryRef = z.object({
	name: objectName.describe("Name of the Registry"),
	namespace: namespaceName
		.exactOptional()
		.describe("Namespace of the Registry, which must allow this one by allowedNamespaces; default: this namespace"),
});

/** Names a Registry of the same namespace, where that alone will do. */
export const nearRegistryRef = z.object({ name: objectName.describe("Name of the Registry") });

/** Names a Secret of the same namespace. */
export const secretRef = z.object({ name: objectName.describe("Name of a Secret in the same namespace") });

/** Names one entry of a Secret of the same namespace. */
export const secretKeyRef = z.object({
	name: objectName.describe("Name of a Secret in the same namespace"),
	key: entryKey.describe("Which entry of the Secret"),
});

/** Names the entry of a Secret that holds certificate authorities. */
export const authoritiesRef = z.object({
	name: objectName.describe("Name of a Secret in the same namespace"),
	key: entryKey.default("ca.crt").describe("Which entry of the Secret holds the authorities, in PEM form"),
});
