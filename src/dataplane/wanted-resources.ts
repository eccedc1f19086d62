import { hash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { ControlledKind } from "#/api/controlled-specs.ts";
import { ControlError } from "#/control/control-error.ts";
import type { LocalResources, LocalResourcesDeps } from "./local-resources.ts";

/** A resource that the configuration names. */
export interface LocalResource {
	readonly kind: ControlledKind;
	readonly uid: string;
	readonly name: string;
	readonly spec: { readonly [field: string]: unknown };
	/** Whether the registry has just this already. */
	readonly unchanged: boolean;
}

type Deps = Pick<LocalResourcesDeps, "metadata" | "hashPassword" | "verifyPassword" | "robotVerifier">;

/**
 * The resources that a configuration names, beside what the registry has of them.
 *
 * @throws ControlError INVALID when a name stands twice
 */
export const wantedResources = async (
	deps: Deps,
	{ projects, users, robots }: LocalResources,
	signal: AbortSignal,
): Promise<readonly LocalResource[]> => {
	const wanted: LocalResource[] = [];
	// One by one: each password takes a core and memory of its own to check.
	for (const project of projects) wanted.push(await wantProject(deps, project, signal));
	for (const user of users) wanted.push(await wantUser(deps, user, signal));
	for (const robot of robots) wanted.push(await wantRobot(deps, robot, signal));
	const seen = new Set<string>();
	for (const { kind, uid, name } of wanted) {
		if (seen.has(uid)) throw new ControlError("INVALID", `the configuration names the ${kind} "${name}" twice`);
		seen.add(uid);
	}
	return wanted;
};

const wantProject = async (
	{ metadata }: Deps,
	project: LocalResources["projects"][number],
	signal: AbortSignal,
): Promise<LocalResource> => {
	const { name, visibility, store, sparseIndexes, members } = project;
	const uid = localUid("Project", name);
	const rules = { uid, name, visibility, store, sparseIndexes, members };
	const present = await metadata.projects.find(name, signal);
	// What is on its way to a store was asked to go there.
	const asked = present && { ...present, store: present.movingTo ?? present.store };
	const unchanged = asked !== undefined && isDeepStrictEqual(pick(asked, rules), rules);
	const spec = { name, owner: `config/${name}`, visibility, store, sparseIndexes, members };
	return { kind: "Project", uid, name, spec, unchanged };
};

const wantUser = async (
	{ metadata, hashPassword, verifyPassword }: Deps,
	{ name, password, admin, disabled }: LocalResources["users"][number],
	signal: AbortSignal,
): Promise<LocalResource> => {
	const uid = localUid("User", name);
	const found = await metadata.identities.findUser(name, signal);
	const present = found?.uid === uid && (await verifyPassword(found.passwordHash, password)) ? found : undefined;
	const spec = { name, passwordHash: present?.passwordHash ?? (await hashPassword(password)), admin, disabled };
	const unchanged = present?.admin === admin && present.disabled === disabled;
	return { kind: "User", uid, name, spec, unchanged };
};

const wantRobot = async (
	{ metadata, robotVerifier }: Deps,
	{ name: shortName, secret, permissions, trust = [] }: LocalResources["robots"][number],
	signal: AbortSignal,
): Promise<LocalResource> => {
	const name = `robot$${shortName}`;
	const uid = localUid("RobotAccount", name);
	const spec = {
		name,
		verifiers: secret === undefined ? [] : [{ hash: robotVerifier(uid, secret) }],
		disabled: false,
		permissions: permissions.map(({ project, repositories, actions }) =>
			repositories === undefined ? { project, actions } : { project, repositories, actions },
		),
		trust: trust.map(({ audience, ...rest }) => (audience === undefined ? rest : { ...rest, audience })),
	};
	const present = await metadata.identities.findRobot(name, signal);
	const unchanged =
		present?.uid === uid && present.expiresAt === undefined && isDeepStrictEqual(pick(present, spec), spec);
	return { kind: "RobotAccount", uid, name, spec, unchanged };
};

/** The members of a record that a pattern has too. */
const pick = (record: object, pattern: object): object =>
	Object.fromEntries(Object.keys(pattern).map((key) => [key, Reflect.get(record, key)]));

/** The same for the same kind and name, so that a restart means the same resource. No uid of Kubernetes looks like it. */
const localUid = (kind: ControlledKind, name: string): string =>
	`config-${hash("sha256", `${kind}\0${name}`, "hex").slice(0, 32)}`;
