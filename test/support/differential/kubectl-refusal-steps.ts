import { WIDGET_CRD, widget } from "../embedded-api.ts";
import { type KubectlStep, kubectl, withFile } from "./kubectl-step.ts";
import { configMap, project, robot } from "./script-step.ts";

/** What `apply` does on the client's side is said by the server in the words of `create`. */
const ways = ["create", "apply --server-side"] as const;

/** The same mistake, made in each way. */
const refused = (name: string, object: object): readonly KubectlStep[] =>
	ways.map((way) => withFile(`${name}, by ${way}`, way, object));

const { openAPIV3Schema } = WIDGET_CRD.spec.versions[0]?.schema ?? { openAPIV3Schema: {} };
const definition = (name: string, spec: object) => ({
	...WIDGET_CRD,
	metadata: { name },
	spec: { ...WIDGET_CRD.spec, names: { plural: "gadgets", kind: "Gadget" }, ...spec },
});
const version = { name: "v1", served: true, storage: true, schema: { openAPIV3Schema } };

/** Mistakes, and what is said of them. */
export const refusalSteps: readonly KubectlStep[] = [
	...refused("an unknown field", widget("r", { color: "red", odd: 1 })),
	...refused("an unknown field at the top", { ...widget("r"), odd: 1 }),
	...refused("an unknown field of a ConfigMap", { ...configMap("r"), odd: 1 }),
	...refused("a value that is not of the few", widget("r", { color: "pink" })),
	...refused("a required field is missing", widget("r", { shape: "flat" })),
	...refused("all required fields are missing", { ...widget("r"), spec: undefined }),
	...refused("a text for a number", widget("r", { color: "red", replicas: "two" })),
	...refused("a number for a text", widget("r", { color: 7 })),
	...refused("a list for a map", { ...widget("r"), spec: [] }),
	...refused("a number that is too small", widget("r", { color: "red", replicas: -1 })),
	...refused("a rule", widget("r", { color: "blue", replicas: 3 })),
	...refused(
		"a rule of ours",
		robot("r", { expirationTime: "2030-01-01T00:00:00Z", rotation: { interval: "1h", gracePeriod: "2h" } }),
	),
	...refused("a pattern of ours", project("r", { projectName: "No_Name" })),
	...refused("a quantity of ours that is none", project("r", { quota: { storage: "much" } })),
	...refused(
		"two members of one name",
		project("r", {
			members: [
				{ name: "a", role: "guest" },
				{ name: "a", role: "admin" },
			],
		}),
	),
	...refused(
		"several mistakes at once",
		project("r", { visibility: "Hidden", projectName: "No_Name", tagHistory: { window: "x" } }),
	),
	...refused("a name that is none", widget("No_Name")),
	...refused("a label that is none", configMap("r", {}, { labels: { "a b": "c" } })),
	...refused("an annotation that is no text", configMap("r", {}, { annotations: { a: 1 } })),
	...refused("a finalizer that is none", widget("r", { color: "red" }, { finalizers: ["a b"] })),
	...refused("a Secret that is no base64", {
		apiVersion: "v1",
		kind: "Secret",
		metadata: { name: "r" },
		data: { a: "*" },
	}),
	...refused(
		"a definition without a schema",
		definition("gadgets.example.com", { versions: [{ ...version, schema: undefined }] }),
	),
	...refused("a definition under another name", definition("things.example.com", {})),
	...refused(
		"a definition that nothing is kept in",
		definition("gadgets.example.com", { versions: [{ ...version, storage: false }] }),
	),
	withFile("without a kind", "apply", { apiVersion: "v1", metadata: { name: "r" } }),
	withFile("without a version", "apply", { kind: "ConfigMap", metadata: { name: "r" } }),
	withFile("without a name", "apply", { ...configMap("r"), metadata: {} }),
	withFile("an unknown field, unvalidated", "apply --validate=false", widget("loose", { color: "red", odd: 1 })),
	withFile("an unknown field, with a warning", "apply --validate=warn", widget("warned", { color: "red", odd: 1 })),
	withFile(
		"an unknown field, and what may be wrong with it is ignored",
		"create --validate=ignore",
		widget("ignored", { color: "red", odd: 1 }),
	),
	kubectl("an argument that there is not", "get wd --nothing"),
];
