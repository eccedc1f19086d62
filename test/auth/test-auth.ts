import { randomBytes } from "node:crypto";
import { type Auth, type AuthOpts, openAuth } from "#/auth/auth.ts";
import { MasterKey } from "#/auth/master-key.ts";
import { hashPassword } from "#/auth/passwords.ts";
import { robotVerifier } from "#/auth/robots.ts";
import type { TrustedIssuer } from "#/auth/workload/workload-tokens.ts";
import type { Robot, User } from "#/metadata/identities.ts";
import { type FakeClock, fakeClock, MemoryIdentities, MemoryProjects, MemorySigningKeys } from "./memory-metadata.ts";

/** The auth of a registry over memory, with handles on what it stands on. */
export interface TestAuth extends Disposable {
	readonly auth: Auth;
	readonly clock: FakeClock;
	readonly identities: MemoryIdentities;
	readonly projects: MemoryProjects;
	readonly signingKeys: MemorySigningKeys;
	readonly masterKey: MasterKey;
}

/** Names that tokens of the tests are made with. */
export const ISSUER = "https://registry.test";
export const SERVICE = "registry.test";

/** What is set up besides: signing keys and a master key from elsewhere. */
interface TestAuthSetup extends Partial<AuthOpts> {
	readonly signingKeys?: MemorySigningKeys;
	readonly masterKey?: MasterKey;
	readonly clock?: FakeClock;
	readonly issuers?: readonly TrustedIssuer[];
}

/**
 * Has the users `alice` (developer of `team`), `root` (administrator) with the password `password of NAME`, the robot
 * `robot$ci` (pull and push below `team/ci`) with the secret `secret of ci`, and the projects `team` (Private), `house`
 * (Internal) and `library` (Public).
 */
export const openTestAuth = async (setup: TestAuthSetup = {}): Promise<TestAuth> => {
	const clock = setup.clock ?? fakeClock();
	const identities = new MemoryIdentities();
	const projects = new MemoryProjects();
	const masterKey = setup.masterKey ?? new MasterKey(randomBytes(32));
	const signingKeys = setup.signingKeys ?? new MemorySigningKeys(clock);
	projects.put("team", { members: [{ kind: "User", name: "alice", role: "developer" }] });
	projects.put("house", { visibility: "Internal" });
	projects.put("library", { visibility: "Public" });
	for (const user of await users()) identities.users.set(user.name, user);
	identities.robots.set(CI.name, CI);
	const auth = await openAuth(
		{
			metadata: { identities, projects, signingKeys },
			masterKey,
			now: () => clock.at,
			randomBytes,
			issuers: setup.issuers,
			onRefreshError: (error) => {
				throw error;
			},
		},
		{ issuer: ISSUER, service: SERVICE, ...setup },
	);
	const dispose = () => auth[Symbol.dispose]();
	return { auth, clock, identities, projects, signingKeys, masterKey, [Symbol.dispose]: dispose };
};

/** The robot of {@link openTestAuth}. */
export const CI: Robot = {
	uid: "uid-of-ci",
	name: "robot$ci",
	verifiers: [{ hash: robotVerifier("uid-of-ci", "secret of ci") }],
	disabled: false,
	permissions: [{ project: "team", repositories: ["ci/**"], actions: ["pull", "push"] }],
	trust: [],
};

let hashed: Promise<readonly User[]> | undefined;

const users = (): Promise<readonly User[]> => {
	hashed ??= Promise.all(
		["alice", "root"].map(async (name) => ({
			uid: `uid-of-${name}`,
			name,
			passwordHash: await hashPassword(`password of ${name}`),
			admin: name === "root",
			disabled: false,
		})),
	);
	return hashed;
};

/** A Basic Authorization header. */
export const basic = (name: string, secret: string): string =>
	`Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}`;

/** A signal that is never aborted. */
export const signal = new AbortController().signal;
