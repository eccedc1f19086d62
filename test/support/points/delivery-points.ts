import type { Point } from "./point.ts";

/** GitOps, Helm, the data plane and backup: points 51 to 62. */
export const deliveryPoints: readonly Point[] = [
	{
		number: 51,
		claim:
			"The same manifests, applied twice by kubectl in both ways, by helm, and as Argo CD and Flux do, make no difference and no conflict",
		tests: {
			"test/e2e/kubectl/gitops.test.ts": [
				"kubectl, by the client: there is no difference, whatever it calls that",
				"*, on the server: there is no conflict, and no difference",
				"one after the other, without force: those who want the same are in nobody's way",
				"helm, with a tenant's chart: an upgrade to the same changes nothing, and what it holds is what is there",
				"the operator itself never wrote a spec, nor anything that its owners say",
			],
			"test/e2e/standalone/kubectl.test.ts": [
				"applies twice, by the client and on the server, and finds no difference",
			],
			"test/support/chart/chart-suite.ts": ["change nothing when they are upgraded to what they are"],
			"test/e2e/standalone/helm.test.ts": [
				"what kubectl applied before is not taken over unasked, and what helm applied may be looked at",
			],
		},
	},
	{
		number: 52,
		claim: "kstatus says at each stage what is so, and Argo CD's health script says the same of the same resources",
		tests: {
			"test/gitops/argocd.test.ts": [
				"says of it at each stage what kstatus says, and why",
				"says why it is not as it should be in the words of the Ready condition",
				"the two agree on any status that an operator may write, not only on those that were seen",
			],
			"test/gitops/examples.test.ts": [
				"takes a resource of each kind for what kstatus does at each stage, and what is suspended for done",
			],
		},
	},
	{
		number: 53,
		claim:
			"The real helm installs, upgrades, rolls back and uninstalls; definitions are upgraded with it and stay; a typing error is refused",
		tests: {
			"test/support/chart/chart-suite.ts": [
				"are installed, with their definitions and all that goes with the operator",
				"have their definitions upgraded with them, and what was written stays",
				"are rolled back, definitions and all",
				"are uninstalled, and leave the definitions with what was written",
				"refuse a value that does not exist, and leave the release as it is",
			],
			"test/e2e/chart/render.test.ts": [
				"refuses a value that it does not know, and one of the wrong kind, and says which",
			],
			"test/e2e/node/nodes.test.ts": [
				"is installed by its chart: two restricted operators on two nodes, of which one leads",
				"passes the chart's own test: a registry of its own is made, pushed to, pulled from, and gone",
			],
		},
	},
	{
		number: 54,
		claim: "The rights are those that are used, judged while everything runs; one that is not used fails",
		tests: {
			"test/e2e/chart/rights.test.ts": [
				"are enough to look after resources of all kinds",
				"are enough to make Registries where it may have Secrets",
				"are enough in the namespaces that are listed",
				"are no more than it uses",
			],
			"test/e2e/kube/rights.test.ts": ["was forbidden nothing else", "may not do what it does not do"],
			"test/e2e/chart/render.test.ts": ["lets the Lease be written by its name alone"],
		},
	},
	{
		number: 55,
		claim:
			"What the chart makes is restricted, for all profiles: Pod Security, read-only root, NetworkPolicy, no wildcard, no host path",
		tests: {
			"test/e2e/chart/render.test.ts": ["is modest: *"],
			"test/e2e/kube/rights.test.ts": [
				"and its registries have pods that the restricted profile of Pod Security lets in",
			],
			"test/operator/registry/cluster/objects.test.ts": ["has pods that the restricted profile of Pod Security admits"],
		},
	},
	{
		number: 56,
		claim: "While the operator and the API server are down, pulls and pushes go on",
		tests: {
			"test/e2e/operator/alone.test.ts": [
				"with the operator and the API server gone, a registry goes on with pulls and pushes of those it knows",
			],
			"test/e2e/node/nodes.test.ts": ["goes on without any operator, and pods come back all the same"],
		},
	},
	{
		number: 57,
		claim:
			"A rolling update, a drained node and a lost zone fail no pull with two replicas; a budget never holds up a drain with one",
		tests: {
			"test/e2e/node/nodes.test.ts": [
				"makes a Registry of three replicas available over PostgreSQL and S3, on both nodes",
				"fails no pull when pods are deleted",
				"fails no pull when all replicas are replaced, since their settings are others",
				"lets a node be drained, and no budget holds it up: what can goes elsewhere, and the volume's pod comes back",
				"has pulled all the while",
				"has a kubelet pull although a zone was lost with all that ran there",
			],
			"test/support/node/other-image-suite.ts": [
				"fails no pull when a Registry names the image of the next release, which migrates the metadata, and shows what serves",
				"fails no pull when it is taken back, and this release serves what the next one migrated",
			],
			"test/e2e/ha/replicas.test.ts": ["no pull and no push fails while replicas are replaced one by one"],
		},
	},
	{
		number: 58,
		claim: "A leader that was paused and wakes when another works cannot write",
		tests: {
			"test/e2e/operator/paused.test.ts": [
				"a leader that is stopped past its lease and goes on writes nothing any more",
			],
			"test/conformance/control/epochs.ts": [
				"a new epoch fences off its predecessors, whose changes, pages and runs are refused",
			],
			"test/operator/plane/plane-link.test.ts": ["a link that is overtaken ends, and the other's word holds"],
			"test/kube/lease-elector.test.ts": [
				"a leader that stood still knows upon waking that it is none any more, before its timers do",
			],
		},
	},
	{
		number: 59,
		claim:
			"Scheduled backups: no overlap, nothing twice after a crash, missed slots skipped, suspend, at once, UTC, last and next in the status, kept by a recovery window; one whose worker died is Failed",
		tests: {
			"test/features/backup/backups.test.ts": [
				"one backup is made at a time, and an archive is one registry's",
				"whatever write of a backup fails, there is no backup, and the next one is whole",
				"what no instant of the window needs goes: backups, journal, and in two steps blobs",
			],
			"test/features/backup/backup-feature.test.ts": [
				"a backup that is handed over is made once, and told as it lies in the archive",
				"a backup that is wanted no more, or whose process ends, leaves none; the next one is whole",
			],
			"test/e2e/backup/sqlite.test.ts": [
				"a registry on files that dies in a backup leaves none, and the next one is whole",
			],
			"test/e2e/standalone/backups.test.ts": [
				"a Backup whose process is killed in the middle has failed, and leaves none",
			],
			"test/operator/backup/backup.test.ts": [
				"a Backup that * has failed, says why, and is never begun again",
				"what a cache does not know yet is not begun again",
				"a Backup that was begun and that its registry knows nothing of any more has failed",
			],
			"test/operator/backup-schedule/plan.test.ts": [
				"a Backup * is *",
				"schedules keep to UTC, where no hour is missing or comes twice",
			],
			"test/operator/backup-schedule/backup-schedule.test.ts": [
				"each time of the schedule is one Backup, named after it; the status tells of the last and the next",
				"one Backup at a time: a time that comes meanwhile waits for minutes, and is left out after that",
				"what was missed while nobody looked is not made up for",
				"a suspended schedule makes none, and goes on with the next time once it is resumed",
				"a schedule may begin with a Backup, once",
				"a Backup of that name that somebody else made is left alone, and the time left out",
				"Backups go when what they restore has left the archive, and never one that is being made",
				"a cache that is behind makes no second Backup while one is being made",
				"a Backup that never ends is told of once a time was left out for it, and others are made once it is deleted",
				"killed after any one of its effects, a schedule makes one Backup for each time",
				"two that look at the same moment make one Backup",
			],
			"test/e2e/operator/backups.test.ts": [
				"what a schedule backed up comes back in other registries: as of the Backup, and as of the end of a lost one",
			],
		},
	},
	{
		number: 60,
		claim:
			"A restore makes a new Registry, refuses one that holds something, and verifies every digest; the test prints what was lost and how long it took",
		tests: {
			"test/e2e/backup/sqlite.test.ts": [
				"a registry on files is backed up under load, killed, and made again as of any instant",
				"a registry on files that dies in a backup leaves none, and the next one is whole",
				"an archive that was hurt, or is opened with another key, is refused in words that say where",
			],
			"test/e2e/backup/postgres.test.ts": [
				"a registry on PostgreSQL and S3 is backed up under load, killed, and made again as of any instant",
			],
			"test/features/backup/backups.test.ts": [
				"a restore refuses what is not empty, goes on with itself where it was cut short, and is done once",
			],
			"test/operator/registry/beginning.test.ts": [
				"waits for all that it takes, makes nothing before, and begins then",
				"begins anew without it once it has it, and needs nothing of it any more",
				"of its own name is refused for good, and nothing is made",
			],
			"test/operator/registry/cluster/backups.test.ts": [
				"A registry begins with an archive, and its pods begin anew without once that is said",
				"Why a registry cannot begin with an archive is told in the words of its process",
			],
			"test/e2e/operator/backups.test.ts": [
				"what a schedule backed up comes back in other registries: as of the Backup, and as of the end of a lost one",
			],
		},
	},
	{
		number: 61,
		claim: "A new operator over N registries does not restart them all at once, and can go back by one version",
		tests: {
			"test/operator/registry/cluster/image-turns.test.ts": [
				"a new operator gives registries its image one after the other, each once the one before is well",
				"the way back to the former operator is the same",
				"a registry that does not come back, goes, or serves nobody keeps the others waiting no longer than it may",
			],
			"test/api/kinds/stored.test.ts": [
				"definitions of an earlier release are replaced under what they stored, which can be read and changed on",
			],
			"test/support/chart/chart-suite.ts": ["are rolled back, definitions and all"],
		},
	},
	{
		number: 62,
		claim: "Policies say in a bounded status what their last runs came to; the rest is told elsewhere",
		tests: {
			"test/operator/retention-policy/retention-policy.test.ts": [
				"what its runs came to stands in the status, with why artifacts go and when it runs next",
				"counters that move while a run goes on are written seldom, and its end at once",
			],
			"test/operator/replication-policy/replication-policy.test.ts": [
				"how far the copies are stands in the status, rounded, and a failing run by its words",
			],
			"test/features/retention/run.test.ts": ["reports no more than fits, however long names and words are"],
			"test/app/retention-command.test.ts": [
				"a policy is explained and run, over the control port and on the database",
			],
		},
	},
];
