import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { openAuth } from "#/auth/auth.ts";
import { MasterKey } from "#/auth/master-key.ts";
import { hashPassword } from "#/auth/passwords.ts";
import { robotVerifier } from "#/auth/robots.ts";
import type { DesiredResource } from "#/metadata/control-state.ts";
import { type InspectedMetadata, openInspectedMetadata } from "../support/sqlite-metadata.ts";
import { basic, ISSUER, SERVICE, signal } from "./test-auth.ts";

const masterKey = new MasterKey(randomBytes(32));
const MINUTE = 60_000;

const alice: DesiredResource = {
	kind: "User",
	uid: "uid-of-alice",
	generation: 1,
	spec: { name: "alice", passwordHash: await hashPassword("right"), admin: false, disabled: false },
};
const ci: DesiredResource = {
	kind: "RobotAccount",
	uid: "uid-of-ci",
	generation: 1,
	spec: {
		name: "robot$ci",
		verifiers: [{ hash: robotVerifier("uid-of-ci", "secret of ci") }],
		disabled: false,
		permissions: [{ project: "t*", repositories: ["ci/**"], actions: ["push"] }],
	},
};
const team: DesiredResource = {
	kind: "Project",
	uid: "uid-of-team",
	generation: 1,
	spec: {
		name: "team",
		visibility: "Private",
		store: "default",
		sparseIndexes: false,
		members: [{ kind: "User", name: "alice", role: "developer" }],
	},
};

const onRefreshError = (error: unknown): void => assert.fail(String(error));

const apply = async ({ metadata }: InspectedMetadata, ...upserts: DesiredResource[]): Promise<void> => {
	const { epoch, base } = await metadata.controlState.begin("test");
	const outcome = await metadata.controlState.apply({ epoch, base, upserts, deletes: [] });
	assert.ok("base" in outcome);
};

const open = ({ metadata, clock }: InspectedMetadata) =>
	openAuth(
		{ metadata, masterKey, now: () => clock.now, randomBytes, onRefreshError },
		{ issuer: ISSUER, service: SERVICE },
	);

describe("auth on a database", () => {
	it("knows the users, robots and projects that Control applied", async () => {
		await using database = await openInspectedMetadata();
		await apply(database, alice, ci, team);
		using auth = await open(database);
		for (const [name, secret, repository] of [
			["alice", "right", "team/web"],
			["robot$ci", "secret of ci", "team/ci/web"],
		] as const) {
			const outcome = await auth.authenticator.authenticate(basic(name, secret), signal);
			assert.ok("access" in outcome);
			assert.equal(await outcome.access.allows("push", repository), true);
			assert.equal(await outcome.access.allows("delete", repository), false);
		}
		assert.ok("failed" in (await auth.authenticator.authenticate(basic("alice", "wrong"), signal)));
	});

	it("shares signing keys among replicas, and turns them over", async () => {
		await using database = await openInspectedMetadata();
		using one = await open(database);
		using other = await open(database);
		const { kid } = one.keyring.active;
		assert.equal(other.keyring.active.kid, kid);
		const { token } = await one.tokenService.grant({ identity: undefined, scopes: [], offline: false }, signal);
		assert.ok("access" in (await other.authenticator.authenticate(`Bearer ${token}`, signal)));

		database.clock.now += 30 * 24 * 60 * MINUTE;
		await one.keyring.refresh();
		database.clock.now += MINUTE;
		const last = await one.tokenService.grant({ identity: undefined, scopes: [], offline: false }, signal);
		await other.keyring.refresh();
		await one.keyring.refresh();
		assert.notEqual(one.keyring.active.kid, kid);
		assert.equal(other.keyring.active.kid, one.keyring.active.kid);
		assert.ok("access" in (await other.authenticator.authenticate(`Bearer ${last.token}`, signal)));

		database.clock.now += 10 * MINUTE;
		await one.keyring.refresh();
		assert.equal(one.keyring.find(kid), undefined);
		const states = database.rows("SELECT state FROM signing_keys").map(({ state }) => state);
		assert.deepEqual(states, ["active"]);
	});

	it("opens again with its master key, and with no other", async () => {
		await using database = await openInspectedMetadata();
		(await open(database))[Symbol.dispose]();
		(await open(database))[Symbol.dispose]();
		const { metadata, clock } = database;
		const deps = { metadata, now: () => clock.now, randomBytes, onRefreshError };
		const other = new MasterKey(randomBytes(32));
		await assert.rejects(openAuth({ ...deps, masterKey: other }, { issuer: ISSUER, service: SERVICE }), {
			code: "OTHER_KEY",
		});
		assert.equal(database.rows("SELECT kid FROM signing_keys").length, 1);
	});

	it("keeps refresh tokens as hashes, and ends them when the user is disabled or deleted", async () => {
		await using database = await openInspectedMetadata();
		await apply(database, alice, team);
		using auth = await open(database);
		const login = async (): Promise<string> => {
			const outcome = await auth.tokenService.authenticate({ name: "alice", secret: "right" }, signal);
			assert.ok("identity" in outcome);
			const grant = await auth.tokenService.grant({ ...outcome, scopes: [], offline: true }, signal);
			assert.ok(grant.refreshToken);
			return grant.refreshToken;
		};
		const token = await login();
		assert.equal((await auth.tokenService.redeem(token, signal))?.subject.name, "alice");
		assert.equal(JSON.stringify(database.rows("SELECT * FROM refresh_tokens")).includes(token.slice(0, 20)), false);
		await apply(database, { ...alice, generation: 2, spec: { ...alice.spec, disabled: true } });
		assert.equal(await auth.tokenService.redeem(token, signal), undefined);
	});
});
