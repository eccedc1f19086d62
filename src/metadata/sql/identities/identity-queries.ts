import { z } from "zod";
import { robotAccountSpec } from "#/api/robot-account-spec.ts";
import type { RefreshToken, Robot, User } from "#/metadata/identities.ts";
import { flagOf, intOf, jsonOf, maybeInt, textOf, wordOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Row, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

/** The user of this name: see `Identities.findUser`. */
export function* findUser({ name }: { readonly name: string }): Step<User | undefined> {
	const row = yield* first("SELECT uid, name, password_hash, admin, disabled FROM users WHERE name = ?", name);
	return row && toUser(row);
}

/** The robot of this full name: see `Identities.findRobot`. */
export function* findRobot({ name }: { readonly name: string }): Step<Robot | undefined> {
	const row = yield* first(`SELECT ${ROBOT_COLUMNS} FROM robots WHERE name = ?`, name);
	return row && toRobot(row);
}

/** The robots that may trust service accounts of a namespace: see `Identities.findTrusting`. */
export function* findTrusting({ namespace }: { readonly namespace: string }): Step<readonly Robot[]> {
	const rows = yield* all(
		`SELECT ${ROBOT_COLUMNS} FROM robots
		WHERE uid IN (SELECT uid FROM robot_trust WHERE namespace = ? OR namespace = '')`,
		namespace,
	);
	return rows.map(toRobot).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const ROBOT_COLUMNS = "uid, name, verifiers, expires_at, disabled, permissions, trust";

/** The refresh token with this verifier: see `Identities.findRefreshToken`. */
export function* findRefreshToken(
	{ hash }: { readonly hash: string },
	context: StepContext,
): Step<RefreshToken | undefined> {
	const row = yield* first(
		`SELECT hash, principal_kind, principal_uid, principal, service, expires_at FROM refresh_tokens
		WHERE hash = ? AND expires_at > ?`,
		hash,
		context.now,
	);
	if (row === undefined) return undefined;
	return {
		hash: textOf(row, "hash"),
		principalKind: wordOf(row, "principal_kind", ["user", "robot"]),
		principalUid: textOf(row, "principal_uid"),
		principal: textOf(row, "principal"),
		service: textOf(row, "service"),
		expiresAt: intOf(row, "expires_at"),
	};
}

/** A user as its row says. */
export function toUser(row: Row): User {
	return {
		uid: textOf(row, "uid"),
		name: textOf(row, "name"),
		passwordHash: textOf(row, "password_hash"),
		admin: flagOf(row, "admin"),
		disabled: flagOf(row, "disabled"),
	};
}

const robotLists = z.object({
	verifiers: robotAccountSpec.shape.verifiers,
	permissions: robotAccountSpec.shape.permissions,
	trust: robotAccountSpec.shape.trust,
});

/** A robot as its row says. */
export function toRobot(row: Row): Robot {
	const lists = robotLists.parse({
		verifiers: jsonOf(row, "verifiers"),
		permissions: jsonOf(row, "permissions"),
		trust: jsonOf(row, "trust"),
	});
	const expiresAt = maybeInt(row, "expires_at");
	return {
		uid: textOf(row, "uid"),
		name: textOf(row, "name"),
		...lists,
		...(expiresAt === undefined ? {} : { expiresAt }),
		disabled: flagOf(row, "disabled"),
	};
}
