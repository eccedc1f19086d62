import { type KubectlStep, kubectl, withFile } from "./kubectl-step.ts";

const forms: readonly KubectlStep[] = [
	["ConfigMaps", "cm --field-selector metadata.name!=kube-root-ca.crt"],
	["Widgets", "wd"],
	["Projects", "projects"],
	["RobotAccounts", "robotaccounts"],
	["Secrets", "secrets --field-selector=type!=x -l app!=nothing"],
	["service accounts", "sa"],
	["leases", "leases"],
].flatMap(([what, words]) => [
	kubectl(`${what} in a table`, `get ${words}`),
	kubectl(`${what} in a wide table`, `get ${words} -o wide`),
]);

const one: readonly KubectlStep[] = [
	"cm/one",
	"secret/login",
	"wd/one",
	"project/one",
	"robotaccount/ci",
	"sa/robot",
	"ns/team-a",
].flatMap((what) => [
	kubectl(`${what} in YAML`, `get ${what} -o yaml`),
	kubectl(`${what} in JSON`, `get ${what} -o json`),
	kubectl(`${what} described`, `describe ${what}`),
]);

const selecting: readonly KubectlStep[] = [
	kubectl("by a label", "get cm -l app=x"),
	kubectl("by a set of labels", "get cm -o name -l", ["app in (x,y),!absent"]),
	kubectl("by a selector that is none", "get cm -l", ["a=b=c"]),
	kubectl("with labels", "get cm --show-labels -l app"),
	kubectl("with a column of a label", "get cm -L app,set -l app"),
	kubectl("by a field", "get wd --field-selector spec.color=red -o name"),
	kubectl("by a field of ours", "get projects --field-selector spec.registryRef.name=main -o name"),
	kubectl("by a name", "get cm --field-selector metadata.name=one"),
	kubectl("by a field that cannot be selected by", "get wd --field-selector spec.shape=flat"),
	kubectl("of all namespaces", "get projects,wd -A"),
	kubectl("of another namespace", "get cm -n team-a in"),
	kubectl("in order", "get cm -l set --sort-by=.metadata.name -o name"),
	kubectl("in the order of what they hold", "get wd --sort-by=.spec.color"),
	kubectl("in pages", "get cm --chunk-size=1 -o name --field-selector metadata.name!=kube-root-ca.crt"),
	kubectl("in no pages", "get secrets --chunk-size=0"),
	kubectl("without a head", "get wd --no-headers -o custom-columns=NAME:.metadata.name"),
	kubectl("with the kind", "get wd --show-kind"),
	kubectl("several kinds", "get cm,wd,projects -l set"),
	kubectl("by a category", "get all"),
	kubectl("by a category of ours", "get limani"),
	kubectl("by a short name of ours", "get proj -o name"),
	kubectl("by a kind in full", "get widgets.v1.example.com one"),
	kubectl("by its singular", "get widget one"),
	kubectl("two by name", "get wd one owned"),
	kubectl("one that is not there among others", "get wd one absent owned"),
	kubectl("one that is not there", "get wd absent"),
	kubectl("one that need not be there", "get wd absent --ignore-not-found"),
	kubectl("none at all", "get leases"),
	kubectl("none at all, in JSON", "get leases -o json"),
	kubectl("a kind that is not there", "get things"),
	kubectl("a group that is not there", "get things.example.org"),
	kubectl("a namespace without anything", "get cm,wd -n nowhere -l a=b"),
];

const shaping: readonly KubectlStep[] = [
	kubectl("by a path", "get wd one -o jsonpath={.spec}"),
	kubectl("by a path over all", "get wd -o", ['jsonpath={range .items[*]}{.metadata.name}={.spec.color}{"\\n"}{end}']),
	kubectl("by a template", "get wd one -o", ["go-template={{.metadata.name}} {{.spec.replicas}}"]),
	kubectl("in columns", "get wd -o", ["custom-columns=NAME:.metadata.name,COLOR:.spec.color,NONE:.spec.nothing"]),
	kubectl("several as a list", "get wd one owned -o yaml"),
	kubectl("with managers", "get cm bare -o json --show-managed-fields"),
	kubectl("raw", "get --raw /apis/example.com/v1/namespaces/diff/widgets/one"),
	kubectl("raw, one that is not there", "get --raw /apis/example.com/v1/namespaces/diff/widgets/absent"),
	kubectl("a part of one", "get wd one --subresource=scale -o yaml"),
	kubectl("the status of one", "get project one --subresource=status"),
	kubectl("a definition in a table", "get crd widgets.example.com projects.limani.dev"),
	kubectl("a definition in YAML", "get crd widgets.example.com -o yaml"),
	kubectl("a definition described", "describe crd widgets.example.com"),
];

const following: readonly KubectlStep[] = [
	kubectl("followed", "get wd owned -w", [], {
		follows: {
			lines: 4,
			meanwhile: [
				["label", "wd", "owned", "seen=1"],
				["label", "wd", "owned", "seen=2", "--overwrite"],
			],
		},
	}),
	kubectl(
		"followed with events",
		"get wd --watch --output-watch-events -o name --field-selector=metadata.name=w1",
		[],
		{
			follows: {
				lines: 3,
				meanwhile: [
					["label", "wd", "w1", "seen=1"],
					["delete", "wd", "w1"],
				],
			},
		},
	),
	kubectl("followed in JSON", "get wd owned -w -o", ['jsonpath={.metadata.labels.seen}{"\\n"}'], {
		follows: { lines: 2, meanwhile: [["label", "wd", "owned", "seen=3", "--overwrite"]] },
	}),
];

const discovering: readonly KubectlStep[] = [
	kubectl("resources of our group", "api-resources --api-group=limani.dev"),
	kubectl("resources of our group, wide", "api-resources --api-group=limani.dev -o wide"),
	kubectl("resources of another group", "api-resources --api-group=example.com -o wide"),
	kubectl("resources of a group that is built in", "api-resources --api-group=coordination.k8s.io -o wide"),
	kubectl("resources of events", "api-resources --api-group=events.k8s.io -o wide"),
	kubectl("resources of definitions", "api-resources --api-group=apiextensions.k8s.io -o wide"),
	kubectl("resources of a category", "api-resources --categories=limani -o name"),
	kubectl("all resources", "api-resources --no-headers"),
	kubectl("all versions", "api-versions"),
	kubectl("a kind explained", "explain widget"),
	kubectl("a kind of ours explained", "explain projects"),
	kubectl("all of it", "explain projects --recursive"),
	kubectl("a field explained", "explain widget.spec.color"),
	kubectl("a field of ours explained", "explain robotaccount.spec.rotation"),
	kubectl("a field of ours explained, with all below it", "explain registry.spec --recursive"),
	kubectl("a field that there is not", "explain widget.spec.nothing"),
	kubectl("a kind that there is not", "explain things"),
	kubectl("a kind that is built in, all of it", "explain configmap --recursive"),
	kubectl("a kind that is built in", "explain secret"),
	kubectl("a field of what is built in", "explain secret.data"),
	kubectl("what all objects have", "explain widget.metadata.ownerReferences --recursive"),
	kubectl("explained in another way", "explain widget --output=plaintext-openapiv2"),
	kubectl("the server's version", "version"),
	kubectl("about the cluster", "cluster-info"),
	kubectl("is it allowed", "auth can-i get configmaps"),
	kubectl("who asks", "auth whoami"),
];

const telling: readonly KubectlStep[] = [
	withFile("an event", "create", {
		apiVersion: "events.k8s.io/v1",
		kind: "Event",
		metadata: { name: "one.1" },
		eventTime: "2026-01-01T00:00:00.000000Z",
		reportingController: "example.com/toys",
		reportingInstance: "toys-0",
		action: "Play",
		reason: "Played",
		note: "somebody played with it",
		type: "Normal",
		regarding: { apiVersion: "example.com/v1", kind: "Widget", namespace: "diff", name: "one" },
	}),
	kubectl("events in a table", "get events"),
	kubectl("events in a wide table", "get events -o wide"),
	kubectl("events of the other group", "get events.events.k8s.io"),
	kubectl("events by their own command", "events"),
	kubectl("events of one object", "events --for=widget/one"),
	kubectl("events of a type", "events --types=Warning"),
	kubectl("by what an event is about", "get events --field-selector involvedObject.name=one -o name"),
	kubectl("an event in YAML", "get events one.1 -o yaml"),
	kubectl("an event described", "describe event one.1"),
	kubectl("an event of its own group in YAML", "get events.events.k8s.io one.1 -o yaml"),
	kubectl("events by when they were last seen", "get events --sort-by=.lastTimestamp"),
	kubectl("events by when they were made", "get events --sort-by=.metadata.creationTimestamp"),
	kubectl("an event told anew", "patch event one.1 --type=merge -p", ['{"lastTimestamp":null,"message":"again"}']),
];

/** Getting in all forms, describing, explaining, watching, discovering. */
export const readSteps: readonly KubectlStep[] = [
	...forms,
	...one,
	...selecting,
	...shaping,
	...following,
	...discovering,
	...telling,
];
