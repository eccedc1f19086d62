import { OWN_CLUSTER } from "#/api/robot-account-spec.ts";
import type { Identities, RefreshToken, Robot, User } from "#/metadata/identities.ts";
import type { Project, Projects } from "#/metadata/projects.ts";
import type { SigningKey, SigningKeys } from "#/metadata/signing-keys.ts";

/** A clock that goes when it is told to. */
export interface FakeClock {
	/** Milliseconds since the epoch. */
	at: number;
	readonly now: () => number;
}

/** A clock that stands at noon of some day. */
export const fakeClock = (): FakeClock => {
	const clock = { at: Date.UTC(2026, 10, 22, 12), now: () => clock.at };
	return clock;
};

/** Identities in memory, which tests change at will. */
export class MemoryIdentities implements Identities {
	readonly users = new Map<string, User>();
	readonly robots = new Map<string, Robot>();
	readonly refreshTokens = new Map<string, RefreshToken>();
	/** How often anything was looked up. */
	reads = 0;

	async findUser(name: string): Promise<User | undefined> {
		this.reads++;
		return this.users.get(name);
	}

	async findRobot(name: string): Promise<Robot | undefined> {
		this.reads++;
		return this.robots.get(name);
	}

	/** Whatever trusts service accounts at all, which is more than the port promises. */
	async findTrusting(): Promise<readonly Robot[]> {
		this.reads++;
		return [...this.robots.values()].filter(({ trust }) => trust.some(({ issuer }) => issuer === OWN_CLUSTER));
	}

	async putRefreshToken(token: RefreshToken): Promise<void> {
		this.refreshTokens.set(token.hash, token);
	}

	async findRefreshToken(hash: string): Promise<RefreshToken | undefined> {
		return this.refreshTokens.get(hash);
	}
}

/** Projects in memory, which tests change at will. */
export class MemoryProjects implements Projects {
	readonly all = new Map<string, Project>();
	/** How often anything was looked up. */
	reads = 0;

	put(name: string, project: Partial<Project> = {}): void {
		this.all.set(name, {
			id: this.all.size + 1,
			uid: `uid-of-${name}`,
			name,
			visibility: "Private",
			store: "default",
			sparseIndexes: false,
			members: [],
			...project,
		});
	}

	async find(name: string): Promise<Project | undefined> {
		this.reads++;
		return this.all.get(name);
	}

	async list({ last = "", limit }: { last?: string | undefined; limit: number }): Promise<readonly Project[]> {
		this.reads++;
		const names = [...this.all.keys()].filter((name) => name > last).sort();
		return names.slice(0, limit).flatMap((name) => this.all.get(name) ?? []);
	}
}

/** Signing keys in memory, by the rules of the port. */
export class MemorySigningKeys implements SigningKeys {
	keys: readonly SigningKey[] = [];
	/** How often a step was taken, which writes. */
	steps = 0;
	/** How often the keys were listed. */
	lists = 0;
	readonly #clock: FakeClock;

	constructor(clock: FakeClock) {
		this.#clock = clock;
	}

	async list(): Promise<readonly SigningKey[]> {
		this.lists++;
		return this.keys;
	}

	async advance({ fresh, publishMs, signMs, retireMs }: Parameters<SigningKeys["advance"]>[0]) {
		this.steps++;
		const now = this.#clock.at;
		const created = { ...fresh, createdAt: now, since: now };
		const kept = this.keys.filter(({ state, since }) => state !== "retired" || now - since < retireMs);
		const active = kept.find(({ state }) => state === "active");
		const next = kept.find(({ state }) => state === "next");
		const isOld = active !== undefined && now - active.since >= signMs;
		if (active === undefined) {
			this.keys = [...kept, { ...created, state: "active" }];
		} else if (next === undefined && now - active.since >= signMs - publishMs) {
			this.keys = [...kept, { ...created, state: "next" }];
		} else if (next !== undefined && isOld && now - next.since >= publishMs) {
			this.keys = kept.map((key) => {
				if (key === active) return { ...key, state: "retired", since: now };
				return key === next ? { ...key, state: "active", since: now } : key;
			});
		} else {
			this.keys = kept;
		}
		return this.keys;
	}

	async replaceAll(fresh: Parameters<SigningKeys["replaceAll"]>[0]): Promise<boolean> {
		const now = this.#clock.at;
		this.keys = [{ ...fresh, state: "active", createdAt: now, since: now }];
		return true;
	}
}
