import type { JsonRecord } from "#/kube-embedded/schema/json-record.ts";
import {
	configMapSchema,
	coreEventSchema,
	eventSchema,
	leaseSchema,
	namespaceSchema,
	secretSchema,
	serviceAccountSchema,
} from "./core-schemas.ts";
import { crdSchema } from "./crd-schema.ts";

/** A kind that the API server knows of itself. */
export interface BuiltInSchema {
	/** `group/Kind`; the core group is empty. */
	readonly key: string;
	/** What OpenAPI documents call its package, e.g. `io.k8s.api.core.v1`. */
	readonly packageName: string;
	/** Without `metadata`, `apiVersion` and `kind`. */
	readonly schema: JsonRecord;
}

const core = "io.k8s.api.core.v1";

/** All built-in kinds. */
export const builtInSchemas: readonly BuiltInSchema[] = [
	{ key: "/Secret", packageName: core, schema: secretSchema },
	{ key: "/ConfigMap", packageName: core, schema: configMapSchema },
	{ key: "/Namespace", packageName: core, schema: namespaceSchema },
	{ key: "/ServiceAccount", packageName: core, schema: serviceAccountSchema },
	{ key: "/Event", packageName: core, schema: coreEventSchema },
	{ key: "events.k8s.io/Event", packageName: "io.k8s.api.events.v1", schema: eventSchema },
	{ key: "coordination.k8s.io/Lease", packageName: "io.k8s.api.coordination.v1", schema: leaseSchema },
	{
		key: "apiextensions.k8s.io/CustomResourceDefinition",
		packageName: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1",
		schema: crdSchema,
	},
];
