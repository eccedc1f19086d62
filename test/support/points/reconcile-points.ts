import type { Point } from "./point.ts";

const CONVERGENCE = "whatever is done and whatever fails, what remains follows from the specs (SEED=*)";

/** Reconciling and deletion: points 15 to 31. */
export const reconcilePoints: readonly Point[] = [
	{
		number: 15,
		claim: "Level-triggered: whatever events get lost, come twice or late, it converges",
		tests: {
			"test/e2e/operator/convergence.test.ts": [CONVERGENCE],
			"test/kube/embedded-api.test.ts": [
				"a store comes to be like the API server whatever happens to its requests and watches (*)",
			],
		},
	},
	{
		number: 16,
		claim:
			"Idempotent: another look writes nothing, neither at the API server nor at the registry; an idle hour writes nothing but leases",
		tests: {
			"test/e2e/operator/convergence.test.ts": [CONVERGENCE],
			"test/operator/project/project.test.ts": ["a second look and a restart write nothing"],
			"test/operator/robot-account/life.test.ts": [
				"a second look and a restart of everything change nothing and reissue nothing",
			],
			"test/operator/robot-account/many-robots.test.ts": [
				"among * robots one change sends one change, and a restart of everything sends and writes none",
			],
			"test/operator/retention-policy/retention-policy.test.ts": [
				"a second look and a restart write nothing, at either side",
			],
			"test/operator/replication-policy/replication-policy.test.ts": [
				"a second look and a restart hand nothing over again",
			],
			"test/operator/registry/cluster/cluster-actuator.test.ts": [
				"is made of its Secrets first and its StatefulSet later, and a second look writes nothing",
			],
			"test/app/operator/operator.test.ts": [
				"makes what a Registry asks for, says how it is, repairs it and takes it away",
			],
		},
	},
	{
		number: 17,
		claim: "One key is never worked on twice at a time; a change meanwhile causes exactly one more run",
		tests: {
			"test/kube/queue/work-queue.test.ts": [
				"hands out a key that changes while it is worked on exactly once more, and not before that work ends",
			],
			"test/kube/queue/work-queue-model.test.ts": [
				"whatever happens to it, the queue hands out what the model does, in its order (SEED=*)",
			],
			"test/kube/controller/run-controller.test.ts": [
				"never works on one object twice at a time, and on no more objects than it has workers",
			],
		},
	},
	{
		number: 18,
		claim: "Killed after any effect it comes to the same, and makes nothing twice",
		tests: {
			"test/operator/robot-account/life.test.ts": [
				"killed after any one of its effects, a robot's life comes to the same",
			],
			"test/e2e/operator/life.test.ts": [
				"killed after any one of its effects, a robot's life comes to the same (SEED=*)",
			],
			"test/operator/killed.test.ts": ["killed after any one of its effects, the life of a * comes to the same"],
			"test/operator/registry/cluster/killed.test.ts": [
				"killed after any one of its writes, a registry comes to the same",
			],
			"test/operator/backup/backup.test.ts": [
				"killed after any one of its effects, the operator has a Backup made once",
			],
			"test/operator/backup-schedule/backup-schedule.test.ts": [
				"killed after any one of its effects, a schedule makes one Backup for each time",
			],
			"test/e2e/operator/restart.test.ts": [
				"* robots that are killed with everything, while they come to be and later, stay what they are",
			],
		},
	},
	{
		number: 19,
		claim:
			"What is made has a name that follows from its owner, and its owner's reference, or elsewhere a label and a finalizer",
		tests: {
			"test/operator/registry/cluster/objects.test.ts": [
				"has nothing of a Secret's content in any object, is owned by it alone, and is named as Services may be",
			],
			"test/operator/robot-account/sharing.test.ts": [
				"copies go with the robot",
				"a copy that no cache has heard of goes with the robot too",
			],
			"test/operator/tenancy/attacks.test.ts": ["robots of two namespaces with names that run together are two"],
			"test/operator/owners.test.ts": [
				"what is made for a robot is named after it, and owned by it or marked as its own",
			],
		},
	},
	{
		number: 20,
		claim:
			"An object of somebody else's under our name is never taken over silently: a condition and a Warning event say so",
		tests: {
			"test/operator/robot-account/life.test.ts": [
				"somebody else's Secret under the name is left alone and named in the status",
				"somebody else's Secret that takes the place while a credential is on its way is left alone",
			],
			"test/operator/registry/cluster/cluster-actuator.test.ts": [
				"takes no object that stands under one of its names and is another's, and writes nothing at all then",
				"is not taken from somebody who has one of that name",
			],
			"test/operator/tenancy/attacks.test.ts": [
				"a copy does not overwrite what somebody else has under its name, nor what pretends to be ours",
			],
			"test/kube/ownership.test.ts": ["an object * is *"],
			"test/operator/owners.test.ts": [
				"a Secret of somebody else's under a robot's name is told by a condition and by one Warning",
			],
		},
	},
	{
		number: 21,
		claim: "What was made and is deleted or edited is put right within ten seconds, and what others added to it stays",
		tests: {
			"test/operator/registry/cluster/cluster-actuator.test.ts": [
				"gets back what was changed or deleted of it, and others keep what they added",
			],
			"test/operator/robot-account/sharing.test.ts": [
				"a copy that was deleted or edited is put back",
				"what is taken out of a service account by hand is put back",
			],
			"test/app/operator/drift.test.ts": [
				"whatever of a registry is deleted or edited is put right within ten seconds",
			],
			"test/kube/applier.test.ts": ["it is applied again when *"],
		},
	},
	{
		number: 22,
		claim:
			"Server-side apply with one field manager a controller, nothing read, changed and replaced; one patch of the status a look, none when it says so already",
		tests: {
			"test/kube/applier.test.ts": [
				"what was applied and stands there unharmed is not applied again, in whatever order and form",
			],
			"test/kube/embedded-api.test.ts": [
				"applying the same again and again writes once, and once more after somebody else has changed it",
			],
			"test/kube/status/patch-status.test.ts": [
				"is one merge patch of what differs",
				"is not done when nothing differs",
			],
			"test/operator/writes.test.ts": [
				"a look writes a status once at most, and nothing is replaced but Secrets that it made",
				"each controller writes under one name, its own",
			],
		},
	},
	{
		number: 23,
		claim: "What is missing is said with `DependencyNotReady` and waited for by watch; it recovers without an edit",
		tests: {
			"test/operator/project/project.test.ts": [
				"a Project waits for its Registry, and needs no other push than that it comes",
			],
			"test/operator/retention-policy/retention-policy.test.ts": [
				"while a Project that it names is missing the whole policy waits, and acts on none",
			],
			"test/operator/replication-policy/replication-policy.test.ts": [
				"a missing Secret is said with what to make, and one that holds no login with what it lacks",
			],
			"test/kube/controller/run-controller.test.ts": [
				"looks again after half a minute for what an object waits for, or when that comes",
			],
			"test/operator/first-look.test.ts": ["a * that waits for its Registry is Ready once that comes, untouched"],
		},
	},
	{
		number: 24,
		claim:
			"A wrong spec is Stalled and not tried again until it changes; other failures are tried again, with growing, random, bounded waits",
		tests: {
			"test/kube/controller/run-controller.test.ts": [
				"does not try again what is refused for good, until it changes",
				"tries again what failed, later each time, and begins anew after a success",
			],
			"test/kube/queue/work-queue.test.ts": [
				"lets a failing key wait for anything up to a bound that doubles to a quarter of an hour",
			],
			"test/operator/first-look.test.ts": ["a * whose spec cannot be acted upon is Stalled, and written once"],
			"test/operator/retention-policy/retention-policy.test.ts": [
				"what is wrong with a pattern, a schedule or a range is told by field",
			],
		},
	},
	{
		number: 25,
		claim: "`suspend: true` stops what would be done; the status is still written, and deletion still happens",
		tests: {
			"test/app/operator/resting.test.ts": [
				"a suspended Registry is left as it is, says so, and goes when it is deleted",
			],
			"test/operator/project/project.test.ts": ["a suspended Project stays as it is and can be deleted"],
			"test/operator/robot-account/life.test.ts": ["a suspended robot does not work and keeps its credential"],
			"test/operator/retention-policy/retention-policy.test.ts": [
				"a suspended policy is suspended at the registry, and a deleted one goes there too",
			],
			"test/operator/registry/plan.test.ts": ["a Registry that * is *"],
			"test/operator/leaving.test.ts": ["a suspended * that is deleted goes"],
		},
	},
	{
		number: 26,
		claim:
			"The annotation `requestedAt` asks for one look and is repeated in the status; `forceAt` with the same value rotates once",
		tests: {
			"test/operator/project/project.test.ts": ["what was asked by annotation is repeated in the status"],
			"test/operator/robot-account/life.test.ts": ["a request to rotate is met once and repeated in the status"],
			"test/operator/retention-policy/retention-policy.test.ts": [
				"a run that is asked for by annotation is handled once it has ended",
			],
			"test/operator/backup-schedule/backup-schedule.test.ts": [
				"the annotation asks for one now, and the status repeats it when that has ended",
			],
			"test/e2e/standalone/kubectl.test.ts": [
				"looks again at a resource that is annotated so, and says that it has",
				"rotates a robot's secret when it is forced to",
			],
		},
	},
	{
		number: 27,
		claim: "Each look has a deadline, and its signal ends every request that it made",
		tests: {
			"test/kube/controller/run-controller.test.ts": ["aborts a reconcile at its deadline, and tries again later"],
			"test/kube/rest/rest-client.test.ts": [
				"an aborted call ends with the signal's reason, and is not even sent when it was aborted before",
			],
			"test/kube/rest/given-up.test.ts": [
				"calls to * that are given up as they go out leave no stream, and end nothing with their connection",
			],
			"test/control/remote-control.test.ts": [
				"aborting ends a call with the signal's reason, before and in the midst of the answer",
			],
		},
	},
	{
		number: 28,
		claim: "A mistake with one object stops neither others nor the process",
		tests: {
			"test/kube/controller/run-controller.test.ts": [
				"goes on with all others when one object's reconcile makes a mistake, at once or later",
				"treats a time that makes no sense as a mistake",
			],
			"test/kube/cached-store.test.ts": ["what a listener or an index function throws is reported and stops nobody"],
			"test/operator/plane/plane-link.test.ts": [
				"a resource that breaks the contract, or weighs too much, stops no other",
			],
		},
	},
	{
		number: 29,
		claim:
			"The finalizer is there before the first outside effect, is removed under a test of its place, and goes too when registry or namespace have gone before",
		tests: {
			"test/app/operator/resting.test.ts": ["a Registry has its finalizer before anything is made for it"],
			"test/kube/finalizers.test.ts": [
				"is added to none, and beside those of others",
				"does not displace one that another added since the object was seen",
				"is removed wherever it stands in the list, and no other instead of it",
			],
			"test/operator/project/project.test.ts": [
				"the finalizer is there before the registry hears of the Project",
				"a Project whose Registry has gone can go",
			],
			"test/operator/retention-policy/retention-policy.test.ts": ["a policy whose Registry has gone can go"],
			"test/operator/leaving.test.ts": ["a * whose Registry has gone can go"],
			"test/operator/writes.test.ts": ["a * has its finalizer before the registry hears of it"],
		},
	},
	{
		number: 30,
		claim: "deletionPolicy is kept: data stays by default; a Registry that is still named says why it waits",
		tests: {
			"test/operator/project/project.test.ts": [
				"a deleted Project leaves its repositories by default, and its owner may have it again",
				"with deletionPolicy Delete they go",
			],
			"test/operator/registry/cluster/cluster-actuator.test.ts": [
				"leaves its volume and its master key, which one of the same name takes over",
				"takes its data along when it is to, and nothing of others",
			],
			"test/e2e/node/nodes.test.ts": [
				"keeps what was pushed when a Registry is deleted, and has it again under the same name",
			],
			"test/e2e/standalone/deletions.test.ts": [
				"leaves a project's images where they are, unless it says otherwise",
				"deletes a project with its images when it says so, and gives both back to the same owner alone",
				"keeps a registry as long as somebody names it, and says who does",
			],
		},
	},
	{
		number: 31,
		claim: "A namespace can be deleted with everything in it, and Limani be uninstalled with what it made",
		tests: {
			"test/e2e/standalone/deletions.test.ts": ["empties a namespace with everything in it"],
			"test/support/chart/chart-suite.ts": ["are uninstalled, and leave the definitions with what was written"],
			"test/e2e/kube/deletion.test.ts": [
				"a namespace goes with all that is in it, and nothing of it is left at any registry",
				"what was made for a robot goes with it even when no operator runs any more",
			],
			"test/e2e/standalone/recipes.test.ts": [
				"are taken away in the order that docs/install.md tells, and nothing is left",
			],
		},
	},
];
