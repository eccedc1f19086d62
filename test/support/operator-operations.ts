import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
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
	readonly tenant: (typeof TENANTS)[number];
	readonly name: (typeof NAMES)[number];
}

type Act = (world: World, chosen: Chosen) => Promise<unknown>;

/** Names say which Registry a resource is in, which cannot be changed. */
const placeOf = ({ random, tenant, name }: Chosen) => {
	const at = pick(random, ["main", "main", "side"]);
	return { key: `${tenant}/${at}-${name}`, registryRef: refOf(at === "main" ? MAIN : SIDE) };
};

const putProject: Act = async (world, chosen) => {
	const { random, tenant } = chosen;
	const { key, registryRef } = placeOf(chosen);
	const quota = pick<Fields>(random, [{}, { storage: "1Mi" }, { storage: "2G" }]);
	await put(world, projectKind, key, {
		spec: {
			registryRef,
			projectName: `${tenant}-${chosen.name}`,
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
];

const userOf = (name: string): Fields => ({ name, passwordSecretRef: { name: "passwords", key: name } });
