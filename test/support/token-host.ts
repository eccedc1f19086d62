import assert from "node:assert/strict";
import type { RemoteSpec } from "#/api/replication-policy-spec.ts";
import { openStandInRegistry } from "./remote.ts";
import { type SeenRequest, StandIn, type StandInReply } from "./stand-in.ts";

const { signal } = new AbortController();

/** Of the manifest that is asked for. */
export const DIGEST = `sha256:${"a".repeat(64)}`;

/** A header. */
export const basic = (username: string, password: string): string =>
	`Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** What stands in for a registry and its helpers. */
interface Host {
	/** Of the registry. */
	readonly origin: string;
	readonly challenge: string;
	/** What the registry takes. */
	readonly authorization: string;
	/** The token service, or what else is asked on the way. */
	readonly others: (request: SeenRequest) => StandInReply | undefined;
}

/** A registry that wants one header and nothing else, with what gives that header. */
export const openHost = ({ origin, challenge, authorization, others }: Host): Promise<StandIn> =>
	StandIn.open((request) => {
		const isRegistry = request.origin === origin && request.path.startsWith("/v2/");
		if (!isRegistry) return others(request) ?? { status: 500, body: "not asked for" };
		if (request.headers.authorization !== authorization) {
			return { status: 401, headers: { "www-authenticate": challenge } };
		}
		return { headers: { "docker-content-digest": DIGEST } };
	});

/** Asks for a manifest, and what that took. */
export const ask = async (
	standIn: StandIn,
	spec: Partial<RemoteSpec>,
	repository = "team/app",
): Promise<readonly string[]> => {
	await using registry = openStandInRegistry(standIn, spec);
	assert.equal(await registry.head(repository, "one", signal), DIGEST);
	return standIn.lines;
};

/** A token service that wants exactly this, and gives the token `good`. */
export const tokenFor =
	(line: string, authorization: string | undefined, answer: object = { token: "good" }) =>
	(request: SeenRequest): StandInReply => {
		const url = `${request.method} ${request.origin}${decodeURIComponent(request.target)}`;
		assert.equal(url, line);
		assert.equal(request.headers.authorization, authorization);
		return { body: answer };
	};
