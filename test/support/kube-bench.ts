import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Agent } from "undici";
import { kubeconfigConnection } from "#/kube/rest/kubeconfig-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { fieldAt } from "#/kube-embedded/json.ts";
import { systemTiming } from "#/lib/timing.ts";
import { type KubePlane, type KubePlaneOpts, openKubePlane } from "./kube-plane.ts";
import { findPart } from "./parts.ts";
import { outputOf, type ProgramEnd, runProgram } from "./run-program.ts";

/** An answer of the API server, with what it warns of. */
export interface RawAnswer {
	readonly status: number;
	readonly body: unknown;
	/** Texts of its `Warning` headers. */
	readonly warnings: readonly string[];
	/** What stands in the body at a path of names. */
	at(...path: readonly string[]): unknown;
}

/** A real API server, and what speaks to it as its administrator. */
export interface KubeBench extends AsyncDisposable {
	readonly plane: KubePlane;
	readonly client: RestClient;
	/** One request; `type` is the media type of the body. */
	call(
		method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
		path: string,
		body?: unknown,
		type?: string,
	): Promise<RawAnswer>;
	/** What kubectl printed. @throws Error when it failed */
	kubectl(...args: readonly string[]): Promise<string>;
	/** How kubectl ended, badly too. */
	attempt(...args: readonly string[]): Promise<ProgramEnd>;
	/** Writes a file; gives its path. */
	write(path: string, text: string): string;
}

const root = join(import.meta.dirname, "..", "..");

/** Opens one. Paths that kubectl is told are relative to the project's root. */
export const openKubeBench = async (opts: KubePlaneOpts = {}): Promise<KubeBench> => {
	await using opening = new AsyncDisposableStack();
	const program = findPart("kubectl");
	if (program === undefined) throw new Error("kubectl is not on this machine: .ci/parts/kube installs it");
	const home = mkdtempSync(join(tmpdir(), "limani-kube-bench-"));
	opening.defer(() => rmSync(home, { recursive: true, force: true }));
	const plane = opening.use(await openKubePlane(opts));
	const connection = await kubeconfigConnection({ path: plane.kubeconfig });
	const client = opening.use(new RestClient({ connection, timing: systemTiming }, { userAgent: "owners" }));
	const agent = new Agent({ connect: await connection.tls() });
	opening.defer(() => agent.destroy());
	// One of its own, in which tests may say what they like of themselves.
	const config = join(home, "kubeconfig");
	const asGiven = { env: { KUBECONFIG: plane.kubeconfig, HOME: home }, cwd: root };
	const flattened = await runProgram(program, ["config", "view", "--raw", "--flatten"], asGiven);
	writeFileSync(config, outputOf("kubectl config view", flattened), { mode: 0o600 });
	const env = { PATH: process.env.PATH ?? "", HOME: home, KUBECONFIG: config };
	const attempt = (...args: readonly string[]) => runProgram(program, args, { env, cwd: root });
	const open = opening.move();
	return {
		plane,
		client,
		call: async (method, path, body, type = "application/json") => {
			const answer = await agent.request({
				origin: connection.url,
				path,
				method,
				headers: { ...(await connection.headers(false)), accept: "application/json", "content-type": type },
				body: body === undefined ? null : JSON.stringify(body),
			});
			const said: unknown = JSON.parse(await answer.body.text());
			return {
				status: answer.statusCode,
				body: said,
				warnings: [answer.headers.warning ?? []].flat(),
				at: (...path) => fieldAt(said, path),
			};
		},
		kubectl: async (...args) => outputOf(`kubectl ${args.join(" ")}`, await attempt(...args)),
		attempt,
		write(path, text) {
			const file = join(home, path);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, text);
			return file;
		},
		[Symbol.asyncDispose]: () => open.disposeAsync(),
	};
};
