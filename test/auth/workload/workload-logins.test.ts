import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { OWN_CLUSTER } from "#/api/robot-account-spec.ts";
import { FailureThrottle } from "#/auth/failure-throttle.ts";
import { WorkloadLogins } from "#/auth/workload/workload-logins.ts";
import { WorkloadTokens } from "#/auth/workload/workload-tokens.ts";
import type { RobotTrust } from "#/metadata/identities.ts";
import { type FakeClock, fakeClock, MemoryIdentities } from "../memory-metadata.ts";
import { TestIssuer } from "./test-issuer.ts";

const HOST = "registry.example.org";
const CI = "https://ci.example.org";

const accountTrust = (namespace: string, name: string, more: Partial<RobotTrust> = {}): RobotTrust => ({
	issuer: OWN_CLUSTER,
	subject: `system:serviceaccount:${namespace}:${name}`,
	claims: [],
	...more,
});

describe("a workload that shows its own token", () => {
	let clock: FakeClock;
	let identities: MemoryIdentities;
	let cluster: TestIssuer;
	let ci: TestIssuer;
	let logins: WorkloadLogins;

	beforeEach(() => {
		clock = fakeClock();
		identities = new MemoryIdentities();
		cluster = new TestIssuer("https://kubernetes.default.svc");
		ci = new TestIssuer(CI);
		const issuers = [
			{ name: OWN_CLUSTER, audiences: [HOST], keys: cluster.opened(clock.now) },
			{ name: CI, audiences: [HOST, "sigstore"], keys: ci.opened(clock.now) },
		];
		const tokens = new WorkloadTokens(issuers, clock);
		const throttle = new FailureThrottle(clock, { burst: 5 });
		logins = new WorkloadLogins({ identities, tokens, throttle, now: clock.now });
	});

	const robot = (name: string, ...trust: readonly RobotTrust[]) => {
		identities.robots.set(name, {
			uid: `uid-of-${name}`,
			name,
			verifiers: [],
			disabled: false,
			permissions: [],
			trust,
		});
	};
	const seconds = () => Math.floor(clock.at / 1_000);
	const lives = (more: object = {}) => ({ aud: [HOST], iat: seconds(), nbf: seconds(), exp: seconds() + 600, ...more });
	const podToken = (namespace: string, name: string, more: object = {}) =>
		cluster.token({ sub: `system:serviceaccount:${namespace}:${name}`, ...lives(more) });
	const login = async (secret: string, name = "token"): Promise<string> => {
		const outcome = await logins.check({ name, secret, address: "192.0.2.7" });
		return "identity" in outcome ? outcome.identity.subject.name : outcome.failed;
	};

	it("is the robot that trusts it, whatever user name it gives", async () => {
		robot("robot$team-a+web", accountTrust("team-a", "web"));
		for (const name of ["token", "serviceaccount", "robot$team-a+web"]) {
			assert.equal(await login(podToken("team-a", "web"), name), "robot$team-a+web");
		}
	});

	it("is refused for another audience, and told which one is expected", async () => {
		robot("robot$team-a+web", accountTrust("team-a", "web"));
		const said = await login(podToken("team-a", "web", { aud: ["https://kubernetes.default.svc"] }));
		assert.equal(said, `the token is for the audience https://kubernetes.default.svc, and ${HOST} is expected`);
		assert.equal(await login(podToken("team-a", "web", { aud: ["other", HOST] })), "robot$team-a+web");
	});

	it("is refused once its token has expired, to the second, and before it begins", async () => {
		robot("robot$team-a+web", accountTrust("team-a", "web"));
		const token = podToken("team-a", "web");
		clock.at += 599_999;
		assert.equal(await login(token), "robot$team-a+web");
		clock.at += 1;
		assert.match(await login(token), /^the token expired at 2026-11-22T12:10:00/);
		assert.equal(await login(podToken("team-a", "web", { nbf: seconds() + 61 })), "the token is not valid yet");
		assert.equal(await login(podToken("team-a", "web", { nbf: seconds() + 60 })), "robot$team-a+web");
	});

	it("of another namespace, or another service account, is refused in the words that are said of no robot", async () => {
		robot("robot$team-a+web", accountTrust("team-a", "web"));
		const [elsewhere, other] = [podToken("team-b", "web"), podToken("team-a", "api")];
		assert.equal(await login(elsewhere), "no robot account trusts system:serviceaccount:team-b:web");
		assert.equal(await login(other), "no robot account trusts system:serviceaccount:team-a:api");
		for (const name of ["robot$team-a+web", "robot$team-a+none"]) {
			assert.equal(await login(elsewhere, name), `no robot account ${name} trusts system:serviceaccount:team-b:web`);
		}
	});

	it("is refused when the token was tampered with, or is of a key or an issuer that is not known", async () => {
		robot("robot$team-a+web", accountTrust("team-a", "web"));
		const [head, , mark] = podToken("team-b", "web").split(".");
		const [, payload] = podToken("team-a", "web").split(".");
		assert.equal(await login(`${head}.${payload}.${mark}`), "the token's signature is wrong");
		cluster.addKey("unpublished");
		const stolen = cluster.token(
			{ sub: "system:serviceaccount:team-a:web", ...lives() },
			{ kid: "unpublished", header: { kid: "two" } },
		);
		assert.match(await login(stolen), /a key that https:\/\/kubernetes\.default\.svc does not have/);
		const strange = new TestIssuer("https://elsewhere.example.org").token({ sub: "x", ...lives() });
		assert.equal(await login(strange), "tokens of https://elsewhere.example.org are not accepted here");
		// One issuer does not speak for another.
		const posing = new TestIssuer("https://kubernetes.default.svc");
		assert.match(
			await login(posing.token({ sub: "system:serviceaccount:team-a:web", ...lives() })),
			/signature is wrong/,
		);
	});

	it("is refused once the key of its token was taken back", async () => {
		robot("robot$team-a+web", accountTrust("team-a", "web"));
		const token = podToken("team-a", "web");
		assert.equal(await login(token), "robot$team-a+web");
		cluster.keys.delete("one");
		cluster.addKey("two");
		clock.at += 5 * 60_000;
		assert.match(await login(token), /a key that .* does not have/);
	});

	it("is let in by the robot of its own namespace before others, and has to choose among several", async () => {
		robot("robot$system+all", accountTrust("*", "*"));
		assert.equal(await login(podToken("team-a", "web")), "robot$system+all");
		robot("robot$team-a+web", accountTrust("team-a", "w*"));
		assert.equal(await login(podToken("team-a", "web")), "robot$team-a+web");
		assert.equal(await login(podToken("team-a", "web"), "robot$system+all"), "robot$system+all");
		robot("robot$team-a+second", accountTrust("team-a", "web"));
		assert.match(await login(podToken("team-a", "web")), /^several robot accounts trust .* user name$/);
		assert.equal(await login(podToken("team-a", "web"), "robot$team-a+second"), "robot$team-a+second");
	});

	it("of another issuer names its robot, and must say all that the robot asks for", async () => {
		robot("robot$team-a+ci", {
			issuer: CI,
			audience: "sigstore",
			subject: "repo:acme/web:*",
			claims: [
				{ name: "ref", value: "refs/heads/release-*" },
				{ name: "ref_protected", value: "true" },
				{ name: "groups", value: "deployers" },
			],
		});
		const claims = {
			sub: "repo:acme/web:ref:refs/heads/release-1",
			ref: "refs/heads/release-1",
			ref_protected: true,
			groups: ["people", "deployers"],
			...lives({ aud: "sigstore" }),
		};
		const as = "robot$team-a+ci";
		assert.equal(await login(ci.token(claims), as), as);
		assert.match(await login(ci.token(claims)), /^give the robot account as the user name/);
		for (const change of [
			{ aud: HOST },
			{ sub: "repo:acme/website:ref:refs/heads/release-1" },
			{ ref: "refs/heads/main" },
			{ ref_protected: false },
			{ groups: ["people"] },
			{ groups: undefined },
			{ groups: { deployers: true } },
		]) {
			// Each from a client of its own, so that none is slowed down.
			clock.at += 60_000;
			const token = ci.token({ ...claims, ...lives({ aud: "sigstore" }), ...change });
			assert.match(await login(token, as), /^no robot account robot\$team-a\+ci trusts/, JSON.stringify(change));
		}
		// The cluster says nothing about the other issuer's subjects.
		assert.match(await login(cluster.token({ ...claims, ...lives() }), as), /^no robot account/);
	});

	it("is refused while its robot is disabled or expired", async () => {
		robot("robot$team-a+web", accountTrust("team-a", "web"));
		const found = identities.robots.get("robot$team-a+web") ?? assert.fail();
		identities.robots.set(found.name, { ...found, disabled: true });
		assert.equal(await login(podToken("team-a", "web")), "the robot account is disabled");
		identities.robots.set(found.name, { ...found, expiresAt: clock.at });
		assert.equal(await login(podToken("team-a", "web")), "the robot account has expired");
	});

	it("is told to come back while the keys of its issuer cannot be had", async () => {
		cluster.failure = new Error("the line is dead");
		robot("robot$team-a+web", accountTrust("team-a", "web"));
		await assert.rejects(login(podToken("team-a", "web")), { code: "UNAVAILABLE" });
	});

	it("is slowed down after failures, and others from there are not", async () => {
		robot("robot$team-a+web", accountTrust("team-a", "web"));
		const bad = podToken("team-b", "web");
		for (let i = 0; i < 5; i++) assert.match(await login(bad), /^no robot/);
		await assert.rejects(login(bad), { code: "TOOMANYREQUESTS" });
		assert.equal(await login(podToken("team-a", "web"), "robot$team-a+web"), "robot$team-a+web");
		clock.at += 60_000;
		assert.match(await login(bad), /expired|^no robot/);
	});
});
