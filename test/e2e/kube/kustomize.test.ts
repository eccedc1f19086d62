import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { type KubeBench, openKubeBench } from "../../support/kube-bench.ts";
import { skipWithoutKube } from "../../support/kube-plane.ts";

const OVERLAY = ["-k", "examples/gitops/kustomize/overlay"];
const APPLY = ["apply", "--server-side", "--warnings-as-errors", "--validate=strict"];

describe("the kustomize overlay on a real API server", { skip: skipWithoutKube() }, () => {
	let bench: KubeBench;
	before(async () => {
		bench = await openKubeBench();
	});
	after(() => bench[Symbol.asyncDispose]());

	it("is taken whole, without a warning, and again without a difference", async () => {
		const applied = (await bench.kubectl(...APPLY, ...OVERLAY)).trimEnd().split("\n");
		assert.ok(applied.length > ALL_KINDS.length && applied.every((line) => line.endsWith(" serverside-applied")));
		const definitions = ALL_KINDS.map(({ plural, group }) => `crd/${plural}.${group}`);
		await bench.kubectl("wait", "--for=condition=Established", "--timeout=60s", ...definitions);
		await bench.kubectl(...APPLY, ...OVERLAY);
		assert.equal(await bench.kubectl("diff", "--server-side", ...OVERLAY), "");
	});
});
