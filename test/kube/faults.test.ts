import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { KubeObject } from "#/kube/kube-object.ts";
import { LeaseElector } from "#/kube/lease-elector.ts";
import { Reflector } from "#/kube/reflector.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { RestClient, type RestClientOpts } from "#/kube/rest/rest-client.ts";
import { systemTiming } from "#/lib/timing.ts";
import { type Answer, type Asked, type Handle, KubeServer, statusOf } from "../support/kube-server.ts";

const secret = (name: string, version: string) => ({
	apiVersion: "v1",
	kind: "Secret",
	metadata: { namespace: "a", name, uid: `uid-${name}`, resourceVersion: version },
});

/** Secrets behind a server that can be told to misbehave: what is added reaches every watch. */
class SecretsApi {
	readonly #objects = new Map<string, object>();
	readonly #watches = new Set<Answer>();
	/** Before each request; true: it has been answered. */
	mishap: (asked: Asked, answer: Answer) => boolean | Promise<boolean> = () => false;
	#version = 10;

	readonly handle: Handle = async (asked, answer) => {
		if (await this.mishap(asked, answer)) return;
		if (!asked.query.has("watch")) {
			const metadata = { resourceVersion: String(this.#version) };
			answer.json(200, { kind: "SecretList", apiVersion: "v1", metadata, items: [...this.#objects.values()] });
			return;
		}
		answer.begin();
		this.#watches.add(answer);
		// What came about since.
		const since = Number(asked.query.get("resourceVersion"));
		for (const [version, object] of this.#log) if (version > since) answer.event("ADDED", object);
		await answer.closed;
		this.#watches.delete(answer);
	};

	readonly #log: (readonly [version: number, object: object])[] = [];

	/** How many watches there are. */
	get watches(): number {
		return this.#watches.size;
	}

	add(name: string): void {
		const object = secret(name, String(++this.#version));
		this.#objects.set(name, object);
		this.#log.push([this.#version, object]);
		for (const answer of this.#watches) answer.event("ADDED", object);
	}

	/** Tells all watches that they are too old. */
	expire(): void {
		for (const answer of this.#watches) answer.event("ERROR", statusOf(410, "Expired", "too old"));
	}

	endWatches(): void {
		for (const answer of this.#watches) answer.end();
	}
}

/** Waits are a hundredth as long. */
const quick = { ...systemTiming, sleep: (ms: number, signal: AbortSignal) => systemTiming.sleep(ms / 100, signal) };

const open = async (test: TestContext, opts: RestClientOpts = {}) => {
	const api = new SecretsApi();
	const server = await KubeServer.open((asked, answer) => api.handle(asked, answer));
	const client = new RestClient({ connection: server.connection(), timing: quick }, { ...opts, tries: 1 });
	const reflector = new Reflector({ client, timing: quick, report: () => {} }, { type: SECRETS });
	const ending = new AbortController();
	const heard = new Map<string, PromiseWithResolvers<KubeObject>>();
	const slot = (name: string) => {
		const found = heard.get(name) ?? Promise.withResolvers<KubeObject>();
		heard.set(name, found);
		return found;
	};
	reflector.store.subscribe(({ after }) => {
		if (after !== undefined) slot(after.metadata.name).resolve(after);
	});
	test.after(async () => {
		ending.abort();
		await client[Symbol.asyncDispose]();
		await server[Symbol.asyncDispose]();
	});
	const running = reflector.run(ending.signal);
	await reflector.whenSynced(ending.signal);
	/** Adds a secret and waits until the store has it. */
	const converge = async (name: string) => {
		api.add(name);
		return slot(name).promise;
	};
	return { api, server, client, reflector, ending, running, converge };
};

/** One mishap, then all is well. */
const once = (mishap: (asked: Asked, answer: Answer) => void): SecretsApi["mishap"] => {
	let done = false;
	return (asked, answer) => {
		if (done) return false;
		done = true;
		mishap(asked, answer);
		return true;
	};
};

type Opened = Awaited<ReturnType<typeof open>>;

const faults: readonly (readonly [what: string, act: (opened: Opened) => void, lists: number])[] = [
	["a reset", ({ server }) => server.cut(), 1],
	["a line that goes dead", ({ server }) => server.freeze(), 1],
	["an ERROR event 410", ({ api }) => api.expire(), 2],
	["an end of the watch", ({ api }) => api.endWatches(), 1],
	[
		"a reset and a refused list after a 410",
		({ api, server }) => {
			let left = 3;
			api.mishap = (asked, answer) => {
				if (left-- <= 0) return false;
				if (asked.query.has("watch")) answer.json(410, statusOf(410, "Expired", "too old"));
				else answer.json(500, statusOf(500, "InternalError", "etcd"));
				return true;
			};
			server.cut();
		},
		4,
	],
	[
		"a 429",
		({ api, server }) => {
			api.mishap = once((_, answer) => answer.json(429, "", { "retry-after": "1" }));
			server.cut();
		},
		1,
	],
	[
		"a token that is refused",
		({ api, server }) => {
			api.mishap = once((_, answer) => answer.json(401, statusOf(401, "Unauthorized", "Unauthorized")));
			server.cut();
		},
		1,
	],
];

for (const [what, act, lists] of faults) {
	test(`a store goes on after ${what}`, async (t) => {
		const opened = await open(t, { pingMs: 50, silenceMs: 200 });
		const { server, reflector, ending, running, converge, api } = opened;
		await converge("before");
		act(opened);
		await converge("after");
		await converge("later");
		assert.deepEqual(
			Array.from(reflector.store.list(), ({ metadata }) => metadata.name),
			["before", "after", "later"],
		);
		assert.equal(server.count("GET", false), lists);
		ending.abort();
		await running;
		assert.ok(server.connections <= 3, `${server.connections} connections`);
		// A stream's end takes a moment to arrive.
		while (what !== "a line that goes dead" && api.watches > 0)
			await systemTiming.sleep(5, AbortSignal.timeout(10_000));
	});
}

test("a leader keeps its lease over a line that goes dead without a word", async (t) => {
	let lease: object | undefined;
	let version = 0;
	const server = await KubeServer.open(({ method, body }, answer) => {
		if (method === "GET") {
			if (lease === undefined) answer.json(404, statusOf(404, "NotFound", "none", { name: "x" }));
			else answer.json(200, lease);
			return;
		}
		const sent: { metadata: { resourceVersion?: string } } = JSON.parse(body);
		if (method === "PUT" && sent.metadata.resourceVersion !== String(version)) {
			answer.json(409, statusOf(409, "Conflict", "it was changed"));
			return;
		}
		lease = { ...sent, metadata: { ...sent.metadata, uid: "u1", resourceVersion: String(++version) } };
		answer.json(200, lease);
	});
	// Everything as in real life, but ten times as fast.
	const client = new RestClient(
		{ connection: server.connection(), timing: systemTiming },
		{ pingMs: 300, silenceMs: 800 },
	);
	t.after(async () => {
		await client[Symbol.asyncDispose]();
		await server[Symbol.asyncDispose]();
	});
	const elector = new LeaseElector(
		{ client, timing: systemTiming, now: Date.now, report: () => {} },
		{ namespace: "a", name: "x", identity: "me", leaseMs: 2500, renewDeadlineMs: 2000, retryMs: 200, callMs: 500 },
	);
	const ending = new AbortController();
	let lost = false;
	const outcome = await elector.run(async (term) => {
		term.signal.addEventListener("abort", () => {
			lost = !ending.signal.aborted;
		});
		server.freeze();
		const before = version;
		// Three renewals that came through.
		while (version < before + 3)
			await systemTiming.sleep(20, AbortSignal.any([term.signal, AbortSignal.timeout(20_000)]));
		ending.abort();
	}, ending.signal);
	assert.deepEqual([outcome, lost, server.connections], ["stopped", false, 2]);
});
