import { OWN_CLUSTER, type RobotAccountSpec } from "#/api/robot-account-spec.ts";
import type { UserSpec } from "#/api/user-spec.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

/** The tables of what logs in; both have `uid` and a unique `name`. */
export type IdentityTable = "users" | "robots";

/** The name that a uid has, or the uid that a name has, locked until the end of the command. */
export function* lockIdentity(
	table: IdentityTable,
	by: "name" | "uid",
	value: string,
	context: StepContext,
): Step<{ readonly uid: string; readonly name: string } | undefined> {
	const row = yield* first(`SELECT uid, name FROM ${table} WHERE ${by} = ?${context.dialect.forUpdate}`, value);
	return row === undefined ? undefined : { uid: String(row.uid), name: String(row.name) };
}

/** Writes a user under its uid. */
export function* writeUser(user: UserSpec & { readonly uid: string; readonly generation: number }): Step<void> {
	yield* all(
		`INSERT INTO users (uid, name, password_hash, admin, disabled, generation) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (uid) DO UPDATE SET name = excluded.name, password_hash = excluded.password_hash,
			admin = excluded.admin, disabled = excluded.disabled, generation = excluded.generation`,
		user.uid,
		user.name,
		user.passwordHash,
		user.admin ? 1 : 0,
		user.disabled ? 1 : 0,
		user.generation,
	);
}

/** Writes a robot under its uid. */
export function* writeRobot(
	robot: RobotAccountSpec & { readonly uid: string; readonly generation: number },
): Step<void> {
	yield* all(
		`INSERT INTO robots (uid, name, verifiers, expires_at, disabled, permissions, trust, generation)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (uid) DO UPDATE SET name = excluded.name, verifiers = excluded.verifiers,
			expires_at = excluded.expires_at, disabled = excluded.disabled, permissions = excluded.permissions,
			trust = excluded.trust, generation = excluded.generation`,
		robot.uid,
		robot.name,
		JSON.stringify(robot.verifiers),
		robot.expiresAt ?? null,
		robot.disabled ? 1 : 0,
		JSON.stringify(robot.permissions),
		JSON.stringify(robot.trust),
		robot.generation,
	);
	yield* all("DELETE FROM robot_trust WHERE uid = ?", robot.uid);
	for (const namespace of trustedNamespaces(robot)) {
		yield* all("INSERT INTO robot_trust (namespace, uid) VALUES (?, ?)", namespace, robot.uid);
	}
}

const SERVICE_ACCOUNT = /^system:serviceaccount:([a-z0-9-]+):/;

/** By which a robot is found for a service account; the empty one stands for all, where a pattern says which. */
const trustedNamespaces = ({ trust }: RobotAccountSpec): ReadonlySet<string> =>
	new Set(
		trust.filter(({ issuer }) => issuer === OWN_CLUSTER).map(({ subject }) => SERVICE_ACCOUNT.exec(subject)?.[1] ?? ""),
	);

/** Deletes a user or robot and its refresh tokens. */
export function* deleteIdentity(table: IdentityTable, uid: string): Step<void> {
	yield* all(`DELETE FROM ${table} WHERE uid = ?`, uid);
	yield* all("DELETE FROM robot_trust WHERE uid = ?", uid);
	yield* all("DELETE FROM refresh_tokens WHERE principal_uid = ?", uid);
}
