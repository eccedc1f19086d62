// What was signed at the source is verified at the target, by the program that people verify with.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ADMIN } from "../../support/limani-process.ts";
import { requirePart } from "../../support/parts.ts";
import { startPeer } from "../../support/registry-peer.ts";
import { makeImage, openRemote, pushTo, startReplicatingLimani } from "../../support/replication-bench.ts";
import { outputOf, runProgram } from "../../support/run-program.ts";

const OFFLINE = ["--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry"];
const VERIFY = ["--insecure-ignore-tlog", "--allow-http-registry"];

for (const direction of ["Pull", "Push"] as const) {
	test(`${direction}: cosign verifies signature and SBOM at the target, with the key of the source and no other`, async (context) => {
		const program = requirePart(context, "registry-3");
		const cosign = requirePart(context, "cosign");
		if (program === undefined || cosign === undefined) return;
		const folder = mkdtempSync(join(tmpdir(), "limani-cosign-"));
		context.after(() => rmSync(folder, { recursive: true, force: true }));
		await using peer = await startPeer(program);
		await using here = await startReplicatingLimani();
		await here.applyPolicy("policy", { direction, remote: { url: peer.url }, filters: { tags: { matching: ["v*"] } } });
		const env = {
			PATH: process.env.PATH ?? "",
			HOME: folder,
			DOCKER_CONFIG: folder,
			COSIGN_PASSWORD: "",
			TMPDIR: folder,
		};
		const run = (...args: readonly string[]) => runProgram(cosign, args, { env, cwd: folder });
		const call = async (...args: readonly string[]): Promise<string> =>
			outputOf(`cosign ${args.join(" ")}`, await run(...args));
		const [from, to] = direction === "Pull" ? [peer.url, here.url] : [here.url, peer.url];
		await using source = openRemote(from);
		const image = await pushTo(source, "team/app", "v1", makeImage(["base", "signed"]));
		const at = (url: string): string => `${new URL(url).host}/team/app@${image}`;
		await call("login", new URL(here.url).host, "-u", ADMIN.user, "-p", ADMIN.password);
		for (const name of ["signer", "stranger"]) await call("generate-key-pair", "--output-key-prefix", name);
		writeFileSync(join(folder, "sbom.json"), JSON.stringify({ spdxVersion: "SPDX-2.3", name: "app" }));
		await call("sign", "-y", "--key", "signer.key", ...OFFLINE, at(from));
		const sbom = ["--predicate", "sbom.json", "--type", "spdxjson"];
		await call("attest", "-y", "--key", "signer.key", ...sbom, ...OFFLINE, at(from));
		await here.agree("policy");
		await call("verify", "--key", "signer.pub", ...VERIFY, at(to));
		const attested = await call("verify-attestation", "--key", "signer.pub", "--type", "spdxjson", ...VERIFY, at(to));
		assert.match(attested, /"payload"/);
		assert.notEqual((await run("verify", "--key", "stranger.pub", ...VERIFY, at(to))).code, 0);
		assert.equal((await here.agree("policy")).copied, 0);
	});
}
