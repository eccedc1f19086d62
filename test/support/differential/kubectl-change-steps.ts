import { widget } from "../embedded-api.ts";
import { type KubectlStep, kubectl, withFile } from "./kubectl-step.ts";
import { configMap } from "./script-step.ts";

const registry = (spec: object) => ({
	apiVersion: "limani.dev/v1alpha1",
	kind: "Registry",
	metadata: { name: "main" },
	spec,
});

const patching: readonly KubectlStep[] = [
	kubectl("merged", "patch wd one --type=merge -p", ['{"spec":{"shape":"flat"}}']),
	kubectl("merged, and nothing changes", "patch wd one --type=merge -p", ['{"spec":{"shape":"flat"}}']),
	kubectl("merged, and shown", "patch wd one --type=merge -o yaml -p", ['{"spec":{"replicas":2}}']),
	kubectl("merged in a dry run", "patch wd one --dry-run=server --type=merge -p", ['{"spec":{"replicas":1}}']),
	kubectl("by operations", "patch wd one --type=json -p", ['[{"op":"replace","path":"/spec/shape","value":"round"}]']),
	kubectl("by an operation that fails", "patch wd one --type=json -p", [
		'[{"op":"test","path":"/spec/shape","value":"flat"}]',
	]),
	kubectl("by an operation on nothing", "patch wd one --type=json -p", ['[{"op":"remove","path":"/spec/nothing"}]']),
	kubectl("strategically, which custom resources are not", "patch wd one -p", ['{"spec":{"replicas":2}}']),
	kubectl("strategically", "patch cm one -p", ['{"data":{"s":"yes"}}']),
	kubectl("a patch that is no JSON", "patch cm one -p", ["{"]),
	kubectl("a patch against the rules", "patch wd one --type=merge -p", ['{"spec":{"color":"blue"}}']),
	kubectl("a patch of an unknown field", "patch wd one --type=merge -p", ['{"spec":{"odd":1}}']),
	kubectl("a patch of what is not there", "patch wd absent --type=merge -p", ["{}"]),
	kubectl("a patch of the status", "patch wd one --subresource=status --type=merge -p", [
		'{"status":{"replicas":1,"conditions":[{"type":"Ready","status":"True"}]}}',
	]),
	kubectl("with a condition now", "get wd one"),
];

const marking: readonly KubectlStep[] = [
	kubectl("a label", "label wd one a=b"),
	kubectl("the same label", "label wd one a=b"),
	kubectl("another value of it", "label wd one a=c"),
	kubectl("another value of it, overwriting", "label wd one a=c --overwrite"),
	kubectl("labels listed", "label wd one --list"),
	kubectl("a label taken away", "label wd one a-"),
	kubectl("a label taken away that is not there", "label wd one a-"),
	kubectl("a label that is none", "label wd one", ["a b=c"]),
	kubectl("a value that is none", "label wd one", ["a=b c"]),
	kubectl("labels of several", "label cm,wd -l set also=this"),
	kubectl("a label of what is not there", "label wd absent a=b"),
	kubectl("an annotation", "annotate wd one note=this"),
	kubectl("another annotation", "annotate wd one note=that"),
	kubectl("another annotation, overwriting", "annotate wd one note=that --overwrite"),
	kubectl("an annotation taken away", "annotate wd one note-"),
	kubectl("an annotation in a dry run", "annotate wd one note=dry --dry-run=server"),
];

const editing: readonly KubectlStep[] = [
	kubectl("edited", "edit wd one", [], { edits: "s/shape: round/shape: edited/" }),
	kubectl("edited, and nothing changes", "edit wd one", [], { edits: "s/shape: nothing/shape: edited/" }),
	kubectl("edited against the rules", "edit wd one", [], { edits: "s/color: red/color: pink/" }),
	kubectl("edited to an unknown field", "edit wd one", [], { edits: "s/shape: edited/shapes: edited/" }),
	kubectl("a ConfigMap edited", "edit cm one", [], { edits: 's/b: "2"/b: "edited"/' }),
	kubectl("edited to no YAML", "edit cm one", [], { edits: "s/^data:/{/" }),
	kubectl("what became of it", "get wd,cm one -o", ['jsonpath={range .items[*]}{.spec.shape}{.data}{"\\n"}{end}']),
];

const replacing: readonly KubectlStep[] = [
	withFile("replaced", "replace", widget("one", { color: "red", shape: "new" })),
	withFile("replaced under an old version", "replace", widget("one", { color: "red" }, { resourceVersion: "1" })),
	withFile("what is not there replaced", "replace", widget("absent")),
	withFile("replaced against the rules", "replace", widget("one", { color: "green" })),
	withFile("a ConfigMap replaced", "replace", configMap("bare", { z: "26" })),
	withFile("replaced by force", "replace --force", configMap("bare", { y: "25" })),
	withFile("replaced by force though it cannot change", "replace --force", widget("one", { color: "green" })),
	withFile("replaced in a dry run", "replace --dry-run=server", configMap("bare", { x: "24" })),
	kubectl("a ConfigMap after all that", "get cm bare -o", ["jsonpath={.data}"]),
];

const scaling: readonly KubectlStep[] = [
	kubectl("scaled", "scale wd/one --replicas=3"),
	kubectl("scaled from a number that it does not have", "scale wd/one --replicas=1 --current-replicas=7"),
	kubectl("scaled from the number that it has", "scale wd/one --replicas=1 --current-replicas=3"),
	kubectl("scaled below nothing", "scale wd/one --replicas=-1"),
	withFile("a blue one", "apply", widget("blue", { color: "blue" })),
	kubectl("scaled against a rule", "scale wd/blue --replicas=3"),
	kubectl("scaled in a dry run", "scale wd/blue --replicas=2 --dry-run=server"),
	kubectl("scaled what has no scale", "scale project/one --replicas=2"),
	kubectl("scaled what is not there", "scale wd/absent --replicas=2"),
	kubectl("all scaled", "scale wd --all --replicas=2"),
	withFile("a Registry", "apply", registry({ storage: { filesystem: { size: "1Gi" } } })),
	kubectl("a Registry scaled against its rules", "scale registry/main --replicas=3"),
	kubectl("a Registry scaled", "scale registry/main --replicas=0"),
	kubectl("a Registry in a wide table", "get registry main -o wide"),
];

const READY = '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}';

const waiting: readonly KubectlStep[] = [
	kubectl("its status is told again", "patch wd one --subresource=status --type=merge -p", [READY]),
	kubectl("waited for a condition", "wait --for=condition=Ready wd/one --timeout=30s"),
	kubectl("waited for a value of a condition", "wait --for=condition=Ready=True wd/one --timeout=30s"),
	kubectl("waited for a field", "wait --for=jsonpath={.spec.color}=green wd/one --timeout=30s"),
	kubectl("waited for a field that is there", "wait --for=jsonpath={.spec.color} wd/one --timeout=30s"),
	kubectl("waited in vain", "wait --for=condition=Ready wd/owned --timeout=1s"),
	kubectl("waited in vain for a field", "wait --for=jsonpath={.spec.color}=blue wd/one --timeout=1s"),
	kubectl("waited for what is not there", "wait --for=condition=Ready wd/absent --timeout=1s"),
	kubectl("waited for what is gone already", "wait --for=delete wd/absent --timeout=30s"),
	kubectl("waited for all of a label", "wait --for=jsonpath={.spec.color}=red wd -l set=two --timeout=30s"),
	kubectl("waited for what is to be made", "wait --for=create wd/one --timeout=30s"),
];

/** Patching, labels and annotations, editing, replacing, scaling, waiting. */
export const changeSteps: readonly KubectlStep[] = [
	...patching,
	...marking,
	...editing,
	...replacing,
	...scaling,
	...waiting,
];
