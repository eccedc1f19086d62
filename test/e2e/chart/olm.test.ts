import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { olmBundle } from "../../support/olm/bundle.ts";
import { skipWithout } from "../../support/parts.ts";

const folder = join(import.meta.dirname, "..", "..", "..", "charts", "olm");

describe("the bundle for the Operator Lifecycle Manager", { skip: skipWithout("helm") }, () => {
	it("is what npm run generate makes of the chart, by the real helm, and of the kinds", async () => {
		const generated = await olmBundle();
		for (const [path, text] of generated) assert.equal(readFileSync(join(folder, path), "utf8"), text, path);
		const manifests = readdirSync(join(folder, "manifests")).map((name) => `manifests/${name}`);
		assert.deepEqual(manifests.toSorted(), [...generated.keys()].toSorted());
	});
});
