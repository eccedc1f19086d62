/** A local user. */
export interface User {
	readonly uid: string;
	readonly name: string;
	/** Argon2id in PHC string form. */
	readonly passwordHash: string;
	/** Registry administrators may do everything in every project. */
	readonly admin: boolean;
	readonly disabled: boolean;
}

/** What a robot may do where. Globs: `*` within a path component, `**` across components. */
export interface RobotPermission {
	/** Name or glob of projects. */
	readonly project: string;
	/** Globs of repository names below the project; absent: all. */
	readonly repositories?: readonly string[];
	readonly actions: readonly ("pull" | "push" | "delete")[];
}

/** Whose tokens stand for a robot's credential. In patterns, `*` is any run of characters and `?` is one. */
export interface RobotTrust {
	/** The `iss` of the tokens, or `OWN_CLUSTER`. */
	readonly issuer: string;
	/** An audience that they must have, beside one that the registry accepts of the issuer; absent: no other. */
	readonly audience?: string;
	/** Pattern of their `sub`. */
	readonly subject: string;
	/** Claims that they must have, each with a pattern of its value. */
	readonly claims: readonly { readonly name: string; readonly value: string }[];
	/** How long what is issued for such a token lives at most, seconds; absent: as long as the registry says. */
	readonly tokenLifetimeS?: number;
}

/** A robot account. */
export interface Robot {
	readonly uid: string;
	/** Full name, unique in the registry, e.g. `robot$ci` or `robot$team-a+ci`. */
	readonly name: string;
	/** SHA-256 over (uid, secret), hex; more than one while a rotation's grace lasts. */
	readonly verifiers: readonly { readonly hash: string; readonly notAfter?: number }[];
	/** Milliseconds since the epoch; absent: never. */
	readonly expiresAt?: number;
	readonly disabled: boolean;
	readonly permissions: readonly RobotPermission[];
	/** Whose tokens stand for a secret of it; several: any of them. */
	readonly trust: readonly RobotTrust[];
}

/** Users and robots. They are written by `ControlState.apply` only. */
export interface Identities {
	findUser(name: string, signal?: AbortSignal): Promise<User | undefined>;
	findRobot(name: string, signal?: AbortSignal): Promise<Robot | undefined>;
	/**
	 * Robots that may trust a service account of that namespace of `OWN_CLUSTER`, in the order of their names: all
	 * that name the namespace, or a pattern for it.
	 */
	findTrusting(namespace: string, signal?: AbortSignal): Promise<readonly Robot[]>;
	/** Keeps a refresh token's verifier (SHA-256 hex of a 256-bit random). */
	putRefreshToken(token: RefreshToken): Promise<void>;
	/** Absent when unknown, expired or revoked. */
	findRefreshToken(hash: string, signal?: AbortSignal): Promise<RefreshToken | undefined>;
}

/** A refresh token of the Docker token flow. */
export interface RefreshToken {
	readonly hash: string;
	readonly principalKind: "user" | "robot";
	/** uid of the user or robot. */
	readonly principalUid: string;
	/** Name of the user or robot. */
	readonly principal: string;
	readonly service: string;
	/** Milliseconds since the epoch. */
	readonly expiresAt: number;
}
