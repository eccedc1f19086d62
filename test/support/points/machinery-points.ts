import type { Point } from "./point.ts";

/** Client, cache, queue, election, events, metrics, logs, health and credentials: points 32 to 50. */
export const machineryPoints: readonly Point[] = [
	{
		number: 32,
		claim:
			"A watch begins anew after a reset, a dead line, 410, 429, 5xx, a failed list, another token, another authority; it is never silent for longer than allowed, and lists no more often than every 0.8 s",
		tests: {
			"test/e2e/kube/faults.test.ts": [
				"a line that swallows every byte: given up, and all is made up for",
				"429 with Retry-After and 5xx: patience, and all is made up for",
				"etcd compacted while nobody could watch: what was missed is found by a new list",
			],
			"test/kube/faults.test.ts": ["a store goes on after *"],
			"test/kube/reflector.test.ts": [
				"it goes on after *",
				"lists that fail are tried again under back-off, and synced waits for the first that succeeds",
				"during an outage it asks no more often than every 0.8 seconds, and no less than every 30",
			],
			"test/kube/rest/watch-events.test.ts": [
				"a watch ends: *",
				"a watch on a line that went dead without a word is UNAVAILABLE, long before its end",
				"a watch that the server forgets to end is given up five seconds after its time",
			],
			"test/kube/rest/connections.test.ts": [
				"a pod speaks with its service account's token, and with the next one within a minute",
				"a pod follows its API server to a new authority",
			],
			"test/kube/back-off.test.ts": ["waits stay between 0.8 and 30 seconds where chance is *"],
		},
	},
	{
		number: 33,
		claim: "Bookmarks are asked for; a quiet kind is not listed again, and watched anew every few minutes alone",
		tests: {
			"test/kube/reflector.test.ts": ["a quiet kind that tells bookmarks is listed once in a day"],
			"test/kube/rest/watch-events.test.ts": [
				"a watch asks for bookmarks and to be ended at some time between five and ten minutes",
			],
		},
	},
	{
		number: 34,
		claim: "Stopped at any moment, it leaves no connection, no timer and no later event",
		tests: {
			"test/kube/rest/watch-events.test.ts": [
				"aborting at any moment ends the stream, and nothing comes afterwards",
				"whoever turns away from a watch ends its stream",
				"a thousand watches that end or are aborted leave no timer and no connection but one",
			],
			"test/kube/reflector.test.ts": ["stopping at any moment ends it with nothing told later"],
			"test/kube/rest/given-up.test.ts": [
				"whenever a client ends, all that it does over * ends, and nothing else (SEED=*)",
			],
			"test/kube/queue/work-queue.test.ts": [
				"stops: who waits is sent away, nothing is taken or handed out any more, no timer stays",
			],
			"test/kube/events/event-recorder.test.ts": ["writes nothing more once it is closed, and leaves no timer"],
			"test/kube/controller/run-controller.test.ts": [
				"lets what runs end when it is stopped, begins nothing new, and aborts what goes on too long",
			],
		},
	},
	{
		number: 35,
		claim: "What is deleted and made anew under its name is seen as gone, then new",
		tests: {
			"test/kube/cached-store.test.ts": [
				"what was deleted and made anew is told as deleted, then added",
				"the deletion of an object that has a successor under its name takes nothing away",
			],
			"test/kube/reflector.test.ts": [
				"what was missed while the watch was down is found by the next list, a successor of the same name as well",
			],
		},
	},
	{
		number: 36,
		claim:
			"Nothing is looked at before all caches are filled; until then, and when that takes too long, it is not ready",
		tests: {
			"test/kube/controller/run-controller.test.ts": [
				"looks at every object once its caches are filled, and not before",
				"gives up when the caches do not fill in time, and says which",
			],
			"test/app/operator/health.test.ts": [
				"an operator is not ready before it has read everything, and says what it lacks",
			],
		},
	},
	{
		number: 37,
		claim: "Two or three connections to the API server, whatever goes on",
		tests: {
			"test/kube/rest/rest-client.test.ts": [
				"three hundred calls at once and two hundred one after the other go over at most two connections",
				"watches and writes share one connection",
			],
			"test/kube/rest/watch-events.test.ts": [
				"a thousand watches that end or are aborted leave no timer and no connection but one",
			],
			"test/app/operator/connections.test.ts": [
				"an operator with all its watches, its lease and its writes has three connections at most",
			],
		},
	},
	{
		number: 38,
		claim: "A Retry-After is kept; calls about the lease are never held up by others",
		tests: {
			"test/kube/rest/rest-client.test.ts": [
				"a server that is busy is asked again no earlier than it says, a bounded number of times",
				"a wait longer than the call may last is left to the caller",
			],
			"test/kube/controller/run-controller.test.ts": ["waits as long as the API server asks for"],
			"test/kube/faults.test.ts": ["a leader keeps its lease over a line that goes dead without a word"],
			"test/app/operator/connections.test.ts": ["the lease is renewed while no other call is answered"],
		},
	},
	{
		number: 39,
		claim:
			"Of two processes one works; it hands over within 3 s when stopped and 20 s when killed, stops before another begins when it loses the API, and knows nothing of clocks",
		tests: {
			"test/e2e/kube/faults.test.ts": [
				"clocks an hour slow and an hour fast: one leads, hands over when killed, and nothing is made anew",
			],
			"test/kube/lease-elector.test.ts": [
				"one of two leads, however far their clocks are apart, and renews while the other waits",
				"a leader that is stopped works to its end, renewing, and hands over within three seconds then",
				"a leader that is killed is followed within twenty seconds, and not within fifteen",
				"a leader whose line is * stops before anybody else begins",
				"a leader that stood still knows upon waking that it is none any more, before its timers do",
			],
			"test/app/operator/operator.test.ts": [
				"works in one process of two, and the other goes on when the first one ends, before its lease would have run out",
			],
			"test/e2e/operator/clocks.test.ts": [
				"an operator whose clock is an hour wrong rotates when it is due, once, and none that follows it does so again",
			],
			"test/kube/embedded-api.test.ts": ["two candidates before an API server lead one after the other"],
		},
	},
	{
		number: 40,
		claim:
			"With 10,000 resources the start, memory and requests keep to a written budget, and one busy object holds up no other",
		tests: {
			"test/kube/queue/work-queue.test.ts": ["gives others their turn while one key is added again and again"],
			"test/e2e/operator/scale.test.ts": ["* robots become Ready, and none costs more than one of fewer"],
			"test/app/operator/memory.test.ts": [
				"a Project and a RobotAccount with its Secrets weigh little in the caches, when they are read and when they change",
			],
			"test/app/operator/lean-heap.test.ts": [
				"while work goes on, garbage is not much more than a third of what lives",
			],
			"test/e2e/kube/scale.test.ts": [
				"the start of * Projects and * RobotAccounts keeps to its budget on a real API server, and rest and another start write nothing",
			],
		},
	},
	{
		number: 41,
		claim:
			"The first list is less urgent than an edit: during the start of 10,000 objects an edit is handled within a second",
		tests: {
			"test/kube/queue/work-queue.test.ts": [
				"hands out an edit first while 10,000 keys of the first list wait",
				"lets one less urgent key through for every eight urgent ones",
			],
			"test/kube/controller/run-controller.test.ts": [
				"looks at an edit next, while thousands of objects of the first list wait",
				"is as quick with an edited object until it is settled, whatever wakes it meanwhile",
			],
			"test/operator/sources.test.ts": ["what the operator did itself hurries nobody, what somebody did does"],
			"test/e2e/operator/scale.test.ts": ["* robots become Ready, and none costs more than one of fewer"],
			"test/e2e/kube/scale.test.ts": [
				"the start of * Projects and * RobotAccounts keeps to its budget on a real API server, and rest and another start write nothing",
			],
		},
	},
	{
		number: 42,
		claim:
			"Caches have neither managedFields nor what kubectl keeps in an annotation; of Secrets only those of our label",
		tests: {
			"test/kube/cached-store.test.ts": [
				"objects are frozen throughout, without managedFields and what kubectl keeps in an annotation",
			],
			"test/app/operator/caches.test.ts": [
				"of Secrets only those that were made for our resources are kept, and only where they may be read",
			],
		},
	},
	{
		number: 43,
		claim:
			"An event of events.k8s.io/v1 for each transition that matters, none for a look; repeats become a series; a reason says one thing",
		tests: {
			"test/kube/events/event-recorder.test.ts": [
				"writes an event as events.k8s.io/v1 has it",
				"makes a series of what happens again within ten minutes, and a new event of what comes later",
				"gives ten similar texts events of their own, and the others one together",
				"lets an object have 25 at once and then one in five minutes, and others theirs",
			],
			"test/operator/retention-policy/retention-policy.test.ts": [
				"a run that fails or is stopped by the guard is told by a condition, by Ready's words and by one event",
			],
			"test/operator/robot-account/life.test.ts": [
				"a deleted Secret gets a new credential with an event, and the old one lives through the grace",
			],
			"test/operator/telling.test.ts": [
				"what happens to a * is told by one event each, and further looks tell nothing",
			],
		},
	},
	{
		number: 44,
		claim:
			"Metrics are named as those of controller-runtime and client-go; those of one object go with it; labels have few values; alerts have runbooks",
		tests: {
			"test/app/metrics/controller-metrics.test.ts": [
				"all counters of a controller are there before it has done anything",
				"what a controller and its queue do is counted, in seconds",
			],
			"test/kube/queue/work-queue.test.ts": ["tells its meter what client-go's queues tell theirs"],
			"test/chart/alerts.test.ts": [
				"each alert has its runbook, and each runbook its alert",
				"* reads metrics that exist",
			],
			"test/app/operator/operator-metrics.test.ts": [
				"no metric of the operator has the name of an object among its labels, whatever there is",
			],
		},
	},
	{
		number: 45,
		claim:
			"One line of JSON for each look, with controller, namespace, name, generation, reconcileID, duration and result; no secret in any",
		tests: {
			"test/kube/controller/run-controller.test.ts": ["writes one line for each reconcile"],
			"test/app/operator/operator.test.ts": [
				"makes what a Registry asks for, says how it is, repairs it and takes it away",
			],
			"test/e2e/operator/convergence.test.ts": [
				"whatever is done and whatever fails, what remains follows from the specs (SEED=*)",
			],
		},
	},
	{
		number: 46,
		claim:
			"/livez asks nobody; /readyz wants caches that are filled and watches that live; an event loop that stands still is noticed",
		tests: {
			"test/app/operator/health.test.ts": [
				"an operator is not ready before it has read everything, and says what it lacks",
				"an operator that the API server has left alone for a minute lives on, and is not ready",
				"a process that stands still does not answer for its life until it goes on",
			],
			"test/kube/lease-elector.test.ts": [
				"a leader that stood still knows upon waking that it is none any more, before its timers do",
			],
		},
	},
	{
		number: 47,
		claim: "Through a rotation the former credential works for the grace; whoever pulls meanwhile never fails",
		tests: {
			"test/e2e/operator/pulls.test.ts": ["a pull loop through * rotations with a short grace never fails"],
			"test/operator/robot-account/life.test.ts": [
				"rotation hands out a new credential while the old one works, until its grace is over",
				"a pull loop through a hundred rotations never fails, with the cache behind and the operator restarted",
			],
		},
	},
	{
		number: 48,
		claim:
			"A Secret that is deleted or edited comes back, with a new credential where the former cannot be known, and an event",
		tests: {
			"test/operator/robot-account/life.test.ts": [
				"a deleted Secret gets a new credential with an event, and the old one lives through the grace",
				"an edited Secret is put back, and a password of somebody's choice is not let in",
			],
		},
	},
	{
		number: 49,
		claim: "The dockerconfigjson is taken by the real clients, and is keyed by the registry's host and port",
		tests: {
			"test/operator/robot-account/life.test.ts": [
				"a robot gets a Secret for docker, keyed by host and port, which the registry accepts",
			],
			"test/e2e/standalone/images.test.ts": [
				"a robot's Secret is for the registry's host and port, in the form that pods take",
				"skopeo pushes and pulls with it, and nobody does so to a private project without",
				"crane and podman take the same file",
			],
			"test/e2e/node/nodes.test.ts": [
				"has kubelets pull with a robot's Secret at a ServiceAccount, and nobody without",
			],
		},
	},
	{
		number: 50,
		claim:
			"A workload's own token (KEP-4412) is enough, without any Secret; another audience, an expired one and another namespace are refused",
		tests: {
			"test/e2e/kube/workload-tokens.test.ts": [
				"let pods pull that the robot trusts, without any Secret, by what the kubelet's plugin answers",
				"are refused for another audience, of which the API server is one",
				"are refused of another namespace, and of another service account",
				"are refused when they were tampered with",
				"are refused once they have expired",
			],
			"test/auth/workload/workload-logins.test.ts": [
				"is refused once its token has expired, to the second, and before it begins",
				"is refused once the key of its token was taken back",
			],
			"test/operator/robot-account/trust.test.ts": [
				"a robot that trusts a service account is ready without any Secret",
				"service accounts of another namespace are trusted as long as it accepts what comes from the robot's",
			],
		},
	},
];
