import { WIDGET_CRD, widget } from "../embedded-api.ts";
import { type KubectlStep, kubectl, withFile } from "./kubectl-step.ts";
import { configMap, project, robot } from "./script-step.ts";

const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "login" }, stringData: { user: "me" } };
const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
const red = widget("one", { color: "red" });
const labelled = { labels: { app: "x" } };

const clientSide: readonly KubectlStep[] = [
	withFile("a definition is applied", "apply", WIDGET_CRD),
	kubectl("it is established", "wait --for=condition=Established --timeout=120s crd/widgets.example.com"),
	withFile("one of each is applied", "apply", configMap("one", { a: "1" }, labelled), secret, red, project("one")),
	withFile("the same again", "apply", configMap("one", { a: "1" }, labelled), red, project("one")),
	withFile(
		"some of it changed",
		"apply",
		configMap("one", { b: "2" }, labelled),
		red,
		project("one", { visibility: "Public" }),
	),
	kubectl("what was left out is gone", "get cm one -o jsonpath={.data}"),
	kubectl("as it was applied last", "apply view-last-applied configmap/one"),
	withFile("made without being applied", "create", configMap("bare")),
	withFile("applied later all the same", "apply", configMap("bare", { a: "2" })),
	withFile("its annotation is set", "apply set-last-applied", configMap("bare", { a: "2" })),
	withFile("in a dry run of kubectl's", "apply --dry-run=client", configMap("dry"), configMap("one")),
	withFile("in a dry run of the server's", "apply --dry-run=server", configMap("dry"), widget("dry"), project("one")),
	withFile("a name that the server ends cannot be applied", "apply", {
		...configMap("x"),
		metadata: { generateName: "made-" },
	}),
	withFile("what is applied goes to another namespace", "apply", configMap("there", {}, { namespace: "nowhere" })),
	withFile(
		"the namespace of the command is another",
		"apply -n default",
		configMap("there", {}, { namespace: "diff" }),
	),
	withFile("a kind that nobody serves", "apply", {
		apiVersion: "example.org/v1",
		kind: "Thing",
		metadata: { name: "x" },
	}),
	withFile("namespaces", "apply", namespace("team-a"), namespace("team-b")),
	withFile(
		"objects in them",
		"apply",
		configMap("in", {}, { namespace: "team-a" }),
		project("in", {}, { namespace: "team-b" }),
	),
];

const differences: readonly KubectlStep[] = [
	withFile("no difference", "diff", configMap("one", { b: "2" }, labelled), red),
	withFile(
		"a difference",
		"diff",
		configMap("one", { b: "3" }, labelled),
		widget("one", { color: "red", replicas: 2 }),
	),
	withFile("the difference of what is not there", "diff", project("absent", { visibility: "Public" })),
	withFile("a difference on the server", "diff --server-side", project("one", { visibility: "Internal" })),
	withFile("no difference to be had", "diff", widget("one", { color: "pink" })),
];

const serverSide: readonly KubectlStep[] = [
	withFile(
		"on the server",
		"apply --server-side",
		widget("owned", { color: "red", shape: "flat" }),
		configMap("owned"),
	),
	withFile("on the server again", "apply --server-side", widget("owned", { color: "red", shape: "flat" })),
	withFile(
		"on the server, by another who says the same",
		"apply --server-side --field-manager=two",
		widget("owned", { color: "red", shape: "flat" }),
	),
	withFile(
		"on the server, with a conflict",
		"apply --server-side --field-manager=two",
		widget("owned", { color: "red", shape: "round" }),
	),
	withFile(
		"on the server, with several conflicts",
		"apply --server-side --field-manager=three",
		widget("owned", { color: "red", shape: "round" }),
		configMap("owned", { a: "5" }),
	),
	withFile(
		"on the server, by force",
		"apply --server-side --field-manager=two --force-conflicts",
		widget("owned", { color: "red", shape: "round" }),
	),
	withFile("the first one comes back to it", "apply --server-side", widget("owned", { color: "red", shape: "flat" })),
	kubectl("whose its fields are", "get wd owned --show-managed-fields -o", [
		'jsonpath={range .metadata.managedFields[*]}{.manager} {.operation} {.fieldsV1}{"\\n"}{end}',
	]),
	withFile("in a dry run on the server", "apply --server-side --dry-run=server", widget("later")),
	withFile(
		"from the client's side to the server's",
		"apply --server-side",
		configMap("one", { b: "2", c: "3" }, labelled),
	),
	withFile("and back", "apply", configMap("one", { b: "2" }, labelled)),
	withFile("what is applied on the server must make sense", "apply --server-side", widget("pink", { color: "pink" })),
	withFile("a field that there is not, on the server", "apply --server-side", widget("odd", { color: "red", odd: 1 })),
];

const pruning: readonly KubectlStep[] = [
	withFile(
		"two of a set",
		"apply -l set=one --prune --prune-allowlist=core/v1/ConfigMap",
		...["p1", "p2"].map((name) => configMap(name, {}, { labels: { set: "one" } })),
	),
	withFile(
		"one of the set",
		"apply -l set=one --prune --prune-allowlist=core/v1/ConfigMap",
		configMap("p1", {}, { labels: { set: "one" } }),
	),
	kubectl("the other is gone", "get cm -l set=one -o name"),
	withFile(
		"custom resources of a set",
		"apply -l set=two --prune --prune-allowlist=example.com/v1/Widget",
		...["w1", "w2"].map((name) => widget(name, { color: "red" }, { labels: { set: "two" } })),
	),
	withFile(
		"one of them",
		"apply -l set=two --prune --prune-allowlist=example.com/v1/Widget",
		widget("w1", { color: "red" }, { labels: { set: "two" } }),
	),
	kubectl("the other one is gone", "get wd -l set=two -o name"),
];

const creating: readonly KubectlStep[] = [
	withFile("made", "create", robot("ci")),
	withFile("made twice", "create", robot("ci")),
	withFile("a name that the server ends", "create", { ...configMap("x"), metadata: { generateName: "made-" } }),
	withFile("made in a dry run of kubectl's, and shown", "create --dry-run=client -o yaml", project("dry")),
	withFile("made in a dry run of the server's, and shown", "create --dry-run=server -o yaml", project("dry")),
	withFile("made in a dry run of the server's, and shown as JSON", "create --dry-run=server -o json", configMap("dry")),
	kubectl("a ConfigMap from words", "create configmap words --from-literal=a=b"),
	kubectl("a Secret from words", "create secret generic words --from-literal=a=b"),
	kubectl(
		"a Secret for docker",
		"create secret docker-registry pull --docker-server=localhost:5080 --docker-username=u --docker-password=p",
	),
	kubectl("a service account", "create serviceaccount robot"),
	kubectl("a namespace", "create namespace team-c"),
	kubectl("a namespace twice", "create namespace team-c"),
	kubectl("a name that is none", "create configmap No_Name"),
	kubectl("in a namespace that is not there", "create configmap x -n nowhere"),
];

/** Applying in both ways, differences, pruning, creating. */
export const applySteps: readonly KubectlStep[] = [
	...clientSide,
	...differences,
	...serverSide,
	...pruning,
	...creating,
];
