import { builtInSchemas } from "./built-in/built-in-schemas.ts";
import { checkCrd } from "./built-in/check-crd.ts";
import { checkConfigMap, checkSecret } from "./built-in/check-data.ts";
import type { KindRules } from "./kind-rules.ts";
import { type SchemaRulesOpts, schemaRules } from "./schema-rules.ts";
import { readSchema } from "./structural-schema.ts";
import { withObjectMeta } from "./with-object-meta.ts";

const checks: Readonly<Record<string, NonNullable<SchemaRulesOpts["check"]>>> = {
	"/Secret": checkSecret,
	"/ConfigMap": checkConfigMap,
	"apiextensions.k8s.io/CustomResourceDefinition": checkCrd,
};

const withStatus: ReadonlySet<string> = new Set(["/Namespace", "apiextensions.k8s.io/CustomResourceDefinition"]);

/** The rules of the built-in kinds, by `group/Kind`; the core group is empty. */
export const builtInRules: ReadonlyMap<string, KindRules> = new Map(
	builtInSchemas.map(({ key, schema }) => {
		const check = checks[key];
		const opts = {
			schema: readSchema(withObjectMeta(schema)),
			statusSubresource: withStatus.has(key),
			builtIn: key.slice(key.indexOf("/") + 1),
		};
		return [key, schemaRules(check === undefined ? opts : { ...opts, check })];
	}),
);
