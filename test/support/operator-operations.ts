import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { replicationPolicyKind } from "#/api/kinds/replication-policy.ts";
import { retentionPolicyKind } from "#/api/kinds/retention-policy.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { apiVersionOf, NAMESPACES, type ResourceType, SECRETS } from "#/kube/resource-type.ts";
import { CONTESTED } from "./operator-model.ts";
import type { World } from "./operator-world.ts";
import { pick, type Random } from "./seeded-random.ts";

type Fields = { readonly [field: string]: unknown };

const soon = (): AbortSignal => AbortSignal.timeout(30_000);

/** Makes an object as its owner would, or changes the one that there is to be so. */
export const put = async (
	{ user }: World,
	type: ResourceType,
	key: string,
	fields: Fields,
	metadata: Fields = {},
): Promise<KubeObject> => {
	const slash = key.indexOf("/");
	const ref = slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
	const object = { apiVersion: apiVersionOf(type), kind: type.kind, metadata: { ...metadata, ...ref }, ...fields };
	for (let tries = 0; ; tries++) {
		try {
			const present = await user.find(type, ref, soon());
			if (present === undefined) return await user.create(type, object, {}, soon());
			const next = { ...present, ...fields, metadata: { ...present.metadata, ...metadata } };
			return await user.replace(type, next, {}, soon());
		} catch (error) {
			const isRace = error instanceof KubeError && ["CONFLICT", "EXISTS", "NOT_FOUND"].includes(error.code);
			if (!isRace || tries === 20) throw error;
		}
	}
};

/** Deletes an object as its owner would. */
export const remove = async ({ user }: World, type: ResourceType, key: string): Promise<void> => {
	const [namespace = "", name] = key.split("/");
	await user.delete(type, name === undefined ? { name: namespace } : { namespace, name }, {}, soon());
};

/** A Secret of somebody's own. */
export const secretOf = (data: { readonly [entry: string]: string }): Fields => ({
	type: "Opaque",
	data: Object.fromEntries(Object.entries(data).map(([entry, text]) => [entry, Buffer.from(text).toString("base64")])),
});

const MAIN = "system/main";
const SIDE = "team-a/side";

/** The namespaces, the registries and what they need. */
export const furnish = async (world: World): Promise<void> => {
	for (const name of ["system", "team-a", "team-b", "team-c"]) {
		await put(world, NAMESPACES, name, {}, { labels: { tenant: "yes" } });
	}
	await put(world, SECRETS, "system/passwords", secretOf({ alice: "wonder", bob: "builder" }));
	await put(world, registryKind, MAIN, {
		spec: { allowedNamespaces: { selector: { matchLabels: { tenant: "yes" } } } },
	});
	await put(world, registryKind, SIDE, { spec: { allowedNamespaces: { names: ["team-b"] } } });
};

const TENANTS = ["team-a", "team-b", "team-c"] as const;
const NAMES = ["one", "two"] as const;

const refOf = (key: string): Fields => {
	const [namespace, name] = key.split("/");
	return { namespace, name };
};

/** One thing that an owner or an administrator does; each is complete when it resolves, or was refused. */
export const operate = async (world: World, random: Random): Promise<void> => {
	const tenant = pick(random, TENANTS);
	const name = pick(random, NAMES);
	const [, act] = pick(random, ACTS);
	try {
		await act(world, { random, tenant, name });
	} catch (error) {
		// What the API server does not allow now, such as anything in a namespace that goes.
		const isRefused = error instanceof KubeError && error.code !== "UNAVAILABLE" && error.code !== "UNKNOWN";
		if (!isRefused) throw error;
	}
};

interface Chosen {
	readonly random: Random;
	readonly tenant: string;
	readonly name: string;
}

type Act = (world: World, chosen: Chosen) => Promise<unknown>;

/** Names say which Registry a resource is in, which cannot be changed. */
const placeOf = ({ random, tenant, name }: Chosen) => {
	const at = pick(random, ["main", "main", "side"]);
	return { at, name, key: `${tenant}/${at}-${name}`, registryRef: refOf(at === "main" ? MAIN : SIDE) };
};

const putProject: Act = (world, chosen) => putProjectAt(world, chosen, placeOf(chosen));

const putProjectAt = async (
	world: World,
	{ random, tenant }: Pick<Chosen, "random" | "tenant">,
	{ key, name, registryRef }: ReturnType<typeof placeOf>,
): Promise<void> => {
	const quota = pick<Fields>(random, [{}, { storage: "1Mi" }, { storage: "2G" }]);
	await put(world, projectKind, key, {
		spec: {
			registryRef,
			projectName: `${tenant}-${name}`,
			visibility: pick(random, ["Private", "Internal", "Public"]),
			members: pick<readonly Fields[]>(random, [[], [{ kind: "User", name: "alice", role: "developer" }]]),
			delegateTo: { namespaces: pick<readonly string[]>(random, [[], ["team-a", "team-b"]]) },
			deletionPolicy: pick(random, ["Orphan", "Delete"]),
			suspend: random() < 0.1,
			quota,
		},
	});
};

/** Two tenants want one name. */
const putShared: Act = (world, { random }) =>
	put(world, projectKind, `${pick(random, ["team-a", "team-b"])}/shared`, {
		spec: { registryRef: refOf(MAIN), projectName: CONTESTED, deletionPolicy: "Delete" },
	});

const putRobot: Act = async (world, chosen) => {
	const { random, tenant, name } = chosen;
	const { key, registryRef } = placeOf(chosen);
	const projects = pick<readonly string[]>(random, [["*"], ["team-a-*"], ["team-b-one"], ["*-two", "shared"], []]);
	const force = `${random()}`;
	const metadata = pick<Fields>(random, [
		{},
		{ annotations: { "limani.dev/requestedAt": force, "limani.dev/forceAt": force } },
	]);
	await put(
		world,
		robotAccountKind,
		key,
		{
			spec: {
				registryRef,
				permissions: projects.map((project) => ({ project, actions: pick(random, [["pull"], ["pull", "push"]]) })),
				secret: {
					type: pick(random, ["DockerConfigJson", "Basic", "Opaque"]),
					name: `${tenant}-${key.split("/")[1]}-${pick(random, ["a", "b"])}`,
					labels: pick<Fields>(random, [{}, { colour: name }]),
					...pick<Fields>(random, [{}, { copyTo: { namespaceSelector: {} } }]),
				},
				...pick<Fields>(random, [{}, {}, {}, { expirationTime: "2020-01-01T00:00:00Z" }]),
				suspend: random() < 0.1,
			},
		},
		metadata,
	);
};

const spoilSecret: Act = async (world, { random, tenant }) => {
	const selection = { namespace: tenant, limit: 100 };
	const { items } = await world.user.list(SECRETS, selection, soon());
	const [first, ...others] = items;
	if (first === undefined) return;
	const { metadata } = pick(random, [first, ...others]);
	const key = `${tenant}/${metadata.name}`;
	if (random() < 0.5) await remove(world, SECRETS, key);
	else await put(world, SECRETS, key, { data: { password: Buffer.from("x".repeat(43)).toString("base64") } });
};

const POLICIES: readonly [ResourceType, ResourceType] = [retentionPolicyKind, replicationPolicyKind];

/** Passwords for registries that are none of the world's; no resource may ever say one. */
export const LOGIN_PASSWORDS = ["a word for the other side", "another word for it"] as const;

const requestOf = (random: Random): Fields => ({ annotations: { "limani.dev/requestedAt": `${random()}` } });

/**
 * Whose projects a policy is about: there, missing, of another registry, or not the tenant's to name. Half of the times
 * what it needs is applied with it.
 */
const putScope = async (
	world: World,
	{ random, tenant }: Chosen,
	place: ReturnType<typeof placeOf>,
): Promise<Fields> => {
	const { at, name } = place;
	if (random() < 0.5) {
		await putProjectAt(world, { random, tenant }, place);
		await putLogin(world, { random, tenant, name });
		return { projectRefs: [{ name: `${at}-${name}` }] };
	}
	const refs = pick<readonly Fields[] | undefined>(random, [
		[{ name: `${at}-one` }],
		[{ name: `${at}-one` }, { name: `${at}-two` }],
		[{ name: `${at}-one`, namespace: "team-a" }],
		[{ name: "shared" }],
		[{ name: `${at}-one` }, { name: "main-two" }],
		[{ name: "nowhere" }],
		undefined,
	]);
	return refs === undefined ? { projectNames: { matching: [`${tenant}-*`] } } : { projectRefs: refs };
};

const putLogin: Act = (world, { random, tenant }) =>
	put(world, SECRETS, `${tenant}/login`, secretOf({ username: "copier", password: pick(random, LOGIN_PASSWORDS) }));

/** Of a tenant, or of the namespace of the Registry itself. */
const ownerOf = (chosen: Chosen): Chosen => ({
	...chosen,
	tenant: pick(chosen.random, [chosen.tenant, chosen.tenant, "system"]),
});

const putRetention: Act = async (world, chosen) => {
	const { random } = chosen;
	const place = placeOf(chosen);
	const { key, registryRef } = place;
	const scope = await putScope(world, chosen, place);
	const keep = pick<Fields>(random, [
		{ latestPushed: 5 },
		{ pushedWithin: "12h" },
		{ latestPushed: 2, pushedWithin: "1h" },
	]);
	const spec = {
		registryRef,
		...scope,
		rules: [{ name: "newest", keep }],
		...pick<Fields>(random, [{}, { schedule: "0 3 * * *" }, { schedule: "*/5 * * * 1" }]),
		dryRun: random() < 0.3,
		guard: { maxShare: pick(random, [20, 50]) },
		suspend: random() < 0.15,
	};
	await put(world, retentionPolicyKind, key, { spec }, random() < 0.3 ? requestOf(random) : {});
};

const putReplication: Act = async (world, chosen) => {
	const { random, name } = chosen;
	const place = placeOf(chosen);
	const { key, registryRef } = place;
	const scope = await putScope(world, chosen, place);
	const url = pick(random, ["https://mirror.example.org", "https://other.example.org:5000"]);
	const remote = pick<Fields>(random, [
		{ url },
		{ url, credentialsSecretRef: { name: "login" } },
		{ url, credentialsSecretRef: { name: "login" } },
		{ registryRef: refOf(MAIN), robotAccountRef: { name: `main-${name}` } },
		{ registryRef: refOf(SIDE), robotAccountRef: { name: `${pick(random, ["main", "side"])}-${name}` } },
	]);
	const isPush = random() < 0.5;
	const spec = {
		registryRef,
		...scope,
		...(isPush ? { destination: remote } : { source: remote }),
		mode: pick(random, ["Copy", "Mirror"]),
		trigger: { onEvent: isPush && random() < 0.5, ...pick<Fields>(random, [{}, { schedule: "30 * * * *" }]) },
		suspend: random() < 0.15,
	};
	await put(world, replicationPolicyKind, key, { spec }, random() < 0.3 ? requestOf(random) : {});
};

/** A data plane tells of a run of one of its policies, the one that was asked for last. */
const runPolicy: Act = async ({ planes, timing }, { random }) => {
	const metadata = planes.find(pick(random, [MAIN, MAIN, SIDE]))?.metadata;
	if (metadata === undefined) return;
	const kind = pick(random, ["RetentionPolicy", "ReplicationPolicy"] as const);
	const [first, ...others] = (await metadata.policies.list(kind, { limit: 100 })).filter(({ spec }) => !spec.suspend);
	if (first === undefined) return;
	const { uid, spec } = pick(random, [first, ...others]);
	const now = timing.now();
	const outcome = pick(random, ["Succeeded", "Succeeded", "Failed", "Stopped", "Running"]);
	const run = {
		id: `${random()}`,
		startedAt: now - 1_000,
		...(outcome === "Running" ? {} : { finishedAt: now }),
		outcome,
		message: outcome === "Succeeded" ? "" : "as it was to be",
		trigger: "Request",
		removed: 0,
		bytes: 0,
	};
	const isHandled = outcome !== "Running" && spec.requestedAt !== undefined;
	const handled = isHandled ? { handledRequest: spec.requestedAt } : {};
	const report =
		kind === "RetentionPolicy"
			? { runs: [{ ...run, dryRun: false, looked: 3, kept: 3, byRule: [] }], explain: [], ...handled }
			: { runs: [{ ...run, copied: 2, skipped: 1, failed: 0 }], ...COUNTED, observedAt: now, ...handled };
	const fence = await metadata.outbox.lease(`policy:${uid}`, "feature", 30_000);
	if (fence !== undefined) await metadata.policies.save(uid, { fence, report });
};

const COUNTED = { inSync: 3, behind: 0, diverged: 0, lagSeconds: 0 };

const ACTS: readonly [readonly [string, Act], ...(readonly [string, Act])[]] = [
	["project", putProject],
	["project", putProject],
	["shared", putShared],
	["robot", putRobot],
	["robot", putRobot],
	["robot", putRobot],
	["unproject", (world, chosen) => remove(world, projectKind, placeOf(chosen).key)],
	["unshare", (world, { random }) => remove(world, projectKind, `${pick(random, ["team-a", "team-b"])}/shared`)],
	["unrobot", (world, chosen) => remove(world, robotAccountKind, placeOf(chosen).key)],
	["spoil", spoilSecret],
	[
		"foreign secret",
		async (world, chosen) => {
			const name = `${pick(chosen.random, TENANTS)}-${placeOf(chosen).key.split("/")[1]}-a`;
			await put(world, SECRETS, `${chosen.tenant}/${name}`, secretOf({ mine: "own" }));
		},
	],
	[
		"namespace",
		(world, { random, tenant }) =>
			put(
				world,
				NAMESPACES,
				tenant,
				{},
				{
					labels: {
						...pick<Fields>(random, [{}, { tenant: "yes" }, { tenant: "yes" }]),
						...pick<Fields>(random, [{}, { "limani.dev/accept-from": pick(random, TENANTS) }]),
					},
				},
			),
	],
	["no namespace", (world) => remove(world, NAMESPACES, "team-c")],
	[
		"main",
		(world, { random }) =>
			put(world, registryKind, MAIN, {
				spec: {
					replicas: pick(random, [1, 1, 1, 0]),
					allowedNamespaces: pick<Fields>(random, [
						{ selector: { matchLabels: { tenant: "yes" } } },
						{ names: ["team-a", "team-c"] },
					]),
					auth: { users: pick<readonly Fields[]>(random, [[], [userOf("alice")], [userOf("alice"), userOf("bob")]]) },
				},
			}),
	],
	["passwords", (world) => put(world, SECRETS, "system/passwords", secretOf({ alice: "wonder", bob: "builder" }))],
	["no passwords", (world) => remove(world, SECRETS, "system/passwords")],
	[
		"side",
		(world, { random }) =>
			put(world, registryKind, SIDE, {
				spec: { allowedNamespaces: { names: pick<readonly string[]>(random, [[], ["team-b"]]) } },
			}),
	],
	["no side", (world) => remove(world, registryKind, SIDE)],
	["retention", (world, chosen) => putRetention(world, ownerOf(chosen))],
	["retention", (world, chosen) => putRetention(world, ownerOf(chosen))],
	["replication", (world, chosen) => putReplication(world, ownerOf(chosen))],
	["replication", (world, chosen) => putReplication(world, ownerOf(chosen))],
	["replication", (world, chosen) => putReplication(world, ownerOf(chosen))],
	["no policy", (world, chosen) => remove(world, pick(chosen.random, POLICIES), placeOf(ownerOf(chosen)).key)],
	// Refused where there is none.
	[
		"run now",
		(world, chosen) =>
			put(world, pick(chosen.random, POLICIES), placeOf(ownerOf(chosen)).key, {}, requestOf(chosen.random)),
	],
	["run", runPolicy],
	["run", runPolicy],
	["login", putLogin],
	["no login", (world, { tenant }) => remove(world, SECRETS, `${tenant}/login`)],
];

const userOf = (name: string): Fields => ({ name, passwordSecretRef: { name: "passwords", key: name } });
