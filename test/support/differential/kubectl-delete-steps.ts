import { widget } from "../embedded-api.ts";
import { type KubectlStep, kubectl, withFile } from "./kubectl-step.ts";
import { configMap } from "./script-step.ts";

const plain: readonly KubectlStep[] = [
	withFile("one to be deleted", "create", widget("last")),
	kubectl("one is deleted", "delete wd last"),
	kubectl("one is deleted that is not there", "delete wd last"),
	kubectl("one is deleted that need not be there", "delete wd last --ignore-not-found"),
	kubectl("in a dry run nothing is deleted", "delete wd one --dry-run=server"),
	kubectl("in kubectl's dry run nothing is deleted", "delete wd one --dry-run=client"),
	kubectl("deleted by a label", "delete cm -l app=x"),
	kubectl("deleted by a label that nothing has", "delete cm -l app=x"),
	withFile("deleted by a file", "delete", configMap("bare"), widget("blue"), configMap("absent")),
	kubectl("deleted, and its name shown", "delete wd loose -o name"),
	kubectl("deleted by a field", "delete wd --field-selector=spec.color=red"),
	kubectl("several kinds are deleted", "delete cm/words secret/words"),
	kubectl("neither a name nor all", "delete wd"),
	kubectl("all of a kind", "delete robotaccounts --all"),
	withFile("one that is held", "create", widget("held", { color: "red" }, { finalizers: ["example.com/hold"] })),
	kubectl("it is deleted without waiting", "delete wd held --wait=false"),
	kubectl("it is still there", "get wd held -o", [
		"jsonpath={.metadata.finalizers} {.metadata.deletionGracePeriodSeconds} {.metadata.generation}",
	]),
	kubectl("waited for in vain", "delete wd held --timeout=1s"),
	kubectl("waited for its end in vain", "wait --for=delete wd/held --timeout=1s"),
	kubectl("let go", "patch wd held --type=json -p", ['[{"op":"remove","path":"/metadata/finalizers"}]']),
	kubectl("waited for its end", "wait --for=delete wd/held --timeout=60s"),
	kubectl("at once, which says what it may mean", "delete cm owned --now"),
	kubectl("by force", "delete secret login --force --grace-period=0"),
];

const namespaces: readonly KubectlStep[] = [
	kubectl("a namespace goes with what is in it", "delete ns team-a team-b --timeout=180s"),
	kubectl("it is gone", "get ns team-a"),
	kubectl("nothing is left in it", "get cm in -n team-a"),
	kubectl("a namespace is deleted that is not there", "delete ns team-a"),
];

const definitions: readonly KubectlStep[] = [
	withFile("a last one", "create", widget("last")),
	kubectl("a definition goes with all that it defines", "delete crd widgets.example.com --timeout=180s"),
	kubectl("its kind is gone", "get crd widgets.example.com"),
];

/** Deleting in all ways, with what belongs to it. */
export const deleteSteps: readonly KubectlStep[] = [...plain, ...namespaces, ...definitions];
