import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, fetch } from "undici";
import { type EmbeddedApiDeps, openEmbeddedApi } from "#/kube-embedded/embedded-api.ts";
import { fieldAt } from "#/kube-embedded/json.ts";

/** An answer of the API. */
export interface Answer {
	readonly status: number;
	readonly headers: Headers;
	readonly body: unknown;
	/** What stands in the body at a path of names and indexes joined by dots. */
	at(path: string): unknown;
}

/** What a request says beside its method and path. */
export interface CallOpts {
	readonly type?: string;
	readonly accept?: string;
	readonly token?: string;
}

/** An event of a watch. */
export interface TestEvent {
	readonly type: string;
	readonly object: unknown;
	/** What stands in the object at a path of names joined by dots. */
	at(path: string): unknown;
}

/** A watch that a test reads. */
export interface TestWatch extends AsyncDisposable {
	/** The next event; undefined when the watch has ended. */
	next(): Promise<TestEvent | undefined>;
}

/** An embedded API with a client for tests. */
export interface TestApi extends AsyncDisposable {
	readonly directory: string;
	readonly url: string;
	readonly ca: string;
	readonly token: string;
	call(method: string, path: string, body?: unknown, opts?: CallOpts): Promise<Answer>;
	watch(path: string, opts?: CallOpts): Promise<TestWatch>;
	/** Asks until the answer is so, ten seconds at most. */
	until(path: string, isSo: (answer: Answer) => boolean): Promise<Answer>;
}

const at = (value: unknown, path: string): unknown =>
	path
		.split(".")
		.reduce<unknown>((found, step) => (Array.isArray(found) ? found.at(Number(step)) : fieldAt(found, [step])), value);

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	let rest = "";
	for await (const chunk of chunks) {
		const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
		rest = lines.pop() ?? "";
		yield* lines;
	}
}

const eventOf = (line: string): TestEvent => {
	const { type, object }: { type: string; object: unknown } = JSON.parse(line);
	return { type, object, at: (path) => at(object, path) };
};

/** Opens an API in a directory, a new one unless it is named; what is not said is as the product has it. */
export const openTestApi = async (settings: Partial<EmbeddedApiDeps> = {}): Promise<TestApi> => {
	await using opening = new AsyncDisposableStack();
	const directory = settings.directory ?? mkdtempSync(join(tmpdir(), "limani-kube-"));
	if (settings.directory === undefined) opening.defer(() => rmSync(directory, { recursive: true, force: true }));
	const api = opening.use(
		await openEmbeddedApi({
			listen: { host: "127.0.0.1", port: 0 },
			now: Date.now,
			randomBytes: (count) => randomBytes(count),
			log: (message, error) => console.error(message, error),
			...settings,
			directory,
		}),
	);
	const agent = new Agent({ connect: { ca: api.ca }, allowH2: true });
	opening.defer(() => agent.destroy());
	const send = (method: string, path: string, body: unknown, opts: CallOpts, signal?: AbortSignal) =>
		fetch(`${api.url}${path}`, {
			method,
			headers: {
				authorization: `Bearer ${opts.token ?? api.token}`,
				"content-type": opts.type ?? "application/json",
				"user-agent": "test/1",
				...(opts.accept === undefined ? {} : { accept: opts.accept }),
			},
			...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
			...(signal === undefined ? {} : { signal }),
			dispatcher: agent,
		});
	const call: TestApi["call"] = async (method, path, body, opts = {}) => {
		const response = await send(method, path, body, opts);
		const text = await response.text();
		const isJson = (response.headers.get("content-type") ?? "").includes("json");
		const value: unknown = isJson ? JSON.parse(text) : text;
		const headers = new Headers([...response.headers]);
		return { status: response.status, headers, body: value, at: (where) => at(value, where) };
	};
	const open = opening.move();
	return {
		directory,
		url: api.url,
		ca: api.ca,
		token: api.token,
		call,
		async watch(path, opts = {}) {
			const stop = new AbortController();
			const response = await send("GET", path, undefined, opts, stop.signal);
			// Taken at once: a body that nobody reads yet is ended when its response is garbage.
			const lines = linesOf((response.body ?? new ReadableStream<Uint8Array>()).values());
			return {
				async next() {
					const { done, value } = await lines.next();
					return done === true ? undefined : eventOf(value);
				},
				[Symbol.asyncDispose]: async () => stop.abort(),
			};
		},
		async until(path, isSo) {
			for (const end = Date.now() + 10_000; ; await sleep(20)) {
				const answer = await call("GET", path);
				if (isSo(answer)) return answer;
				if (Date.now() > end) throw new Error(`${path} did not become so: ${JSON.stringify(answer.body)}`);
			}
		},
		[Symbol.asyncDispose]: () => open.disposeAsync(),
	};
};

/** A ConfigMap. */
export const configMap = (name: string, more: Readonly<Record<string, unknown>> = {}) => {
	const { metadata = {}, ...rest } = more;
	return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...Object(metadata) }, ...rest };
};

/** The definition of a kind that has all that a definition can have: Widget, `example.com/v1`. */
export const WIDGET_CRD = {
	apiVersion: "apiextensions.k8s.io/v1",
	kind: "CustomResourceDefinition",
	metadata: { name: "widgets.example.com" },
	spec: {
		group: "example.com",
		scope: "Namespaced",
		names: { plural: "widgets", kind: "Widget", shortNames: ["wd"], categories: ["all"] },
		versions: [
			{
				name: "v1",
				served: true,
				storage: true,
				subresources: {
					status: {},
					scale: {
						specReplicasPath: ".spec.replicas",
						statusReplicasPath: ".status.replicas",
						labelSelectorPath: ".status.selector",
					},
				},
				selectableFields: [{ jsonPath: ".spec.color" }],
				additionalPrinterColumns: [
					{ name: "Color", type: "string", jsonPath: ".spec.color" },
					{ name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
					{ name: "Replicas", type: "integer", jsonPath: ".spec.replicas", priority: 1 },
					{ name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
				],
				schema: {
					openAPIV3Schema: {
						type: "object",
						description: "A thing to play with.",
						required: ["spec"],
						properties: {
							spec: {
								type: "object",
								required: ["color"],
								properties: {
									color: { type: "string", description: "Its color.", enum: ["red", "green", "blue"] },
									replicas: { type: "integer", minimum: 0, default: 1 },
									shape: { type: "string" },
								},
								"x-kubernetes-validations": [
									{ rule: "self.color == oldSelf.color", message: "color is immutable" },
									{ rule: "self.replicas <= 2 || self.color != 'blue'", message: "at most two blue ones" },
								],
							},
							status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
						},
					},
				},
			},
		],
	},
};

/** A Widget, as {@link WIDGET_CRD} defines it. */
export const widget = (
	name: string,
	spec: Readonly<Record<string, unknown>> = { color: "red" },
	metadata: object = {},
) => ({
	apiVersion: "example.com/v1",
	kind: "Widget",
	metadata: { name, ...metadata },
	spec,
});

/** Where namespaced objects of the first namespace are. */
export const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
/** Where Widgets are. */
export const WIDGETS = "/apis/example.com/v1/namespaces/default/widgets";
/** Where definitions are. */
export const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
