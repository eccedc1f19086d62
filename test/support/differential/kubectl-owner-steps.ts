import { widget } from "../embedded-api.ts";
import { type KubectlStep, kubectl, withFile } from "./kubectl-step.ts";
import { configMap } from "./script-step.ts";

const OWNED = "get cm -l owned=yes -o";
const NAMES = ['jsonpath={range .items[*]}{.metadata.name} {.metadata.ownerReferences[*].name}{"\\n"}{end}'];

/** Two objects that belong to another. */
const family = (owner: string): readonly KubectlStep[] => {
	const reference = {
		apiVersion: "example.com/v1",
		kind: "Widget",
		name: owner,
		uid: "{uid}",
		blockOwnerDeletion: true,
	};
	const metadata = { labels: { owned: "yes" }, ownerReferences: [reference] };
	const owned = ["a", "b"].map((each) => configMap(`${owner}-${each}`, {}, metadata));
	return [
		withFile(`${owner}: an owner`, "create", widget(owner)),
		{ ...withFile(`${owner}: what belongs to it`, "create", ...owned), uidOf: `wd/${owner}` },
	];
};

const gone = (owner: string): KubectlStep =>
	kubectl(`${owner}: what it owned is gone`, `wait --for=delete cm/${owner}-a cm/${owner}-b --timeout=150s`);

/** What becomes of what an object owns, however it is deleted. */
export const ownerSteps: readonly KubectlStep[] = [
	...family("first"),
	kubectl("first: deleted as it is when nothing is said", "delete wd first"),
	gone("first"),
	...family("second"),
	kubectl("second: deleted, and what it owns before it", "delete wd second --cascade=foreground --timeout=150s"),
	kubectl("second: nothing is left", OWNED, NAMES),
	...family("third"),
	kubectl("third: deleted, and what it owned stays", "delete wd third --cascade=orphan --timeout=150s"),
	kubectl("third: it belongs to nobody now", OWNED, NAMES),
	kubectl("third: it is deleted by itself", "delete cm -l owned=yes"),
	...family("fourth"),
	kubectl("fourth: deleted in the background", "delete wd fourth --cascade=background"),
	gone("fourth"),
];
