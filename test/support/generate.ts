// Writes what is generated from the sources; tests compare.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { argoConfigMap } from "./argo-customizations.ts";
import { generateCharts } from "./chart/generated-charts.ts";
import { withReference } from "./config-reference.ts";
import { generateCrds } from "./generated-crds.ts";
import { kustomizeBase } from "./gitops/kustomize-base.ts";
import { generateKindPages } from "./kind-pages/generated-kind-pages.ts";
import { olmBundle } from "./olm/bundle.ts";
import { findPart } from "./parts.ts";
import { ALL_POINTS } from "./points/all-points.ts";
import { pointsPage } from "./points/points-page.ts";

const root = join(import.meta.dirname, "..", "..");

const page = join(root, "docs", "configuration.md");
writeFileSync(page, withReference(readFileSync(page, "utf8")));

mkdirSync(join(root, "crds"), { recursive: true });
for (const [name, text] of await generateCrds()) writeFileSync(join(root, "crds", name), text);

for (const [path, text] of generateCharts()) {
	const file = join(root, "charts", path);
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, text);
}

const gitops = join(root, "examples", "gitops");
writeFileSync(join(gitops, "argocd", "argocd-cm.yaml"), argoConfigMap());
if (findPart("helm") === undefined) {
	console.warn("helm is not on this machine: examples/gitops/kustomize/base and charts/olm stay as they are");
} else {
	for (const [name, text] of await kustomizeBase()) writeFileSync(join(gitops, "kustomize", "base", name), text);
	for (const [path, text] of await olmBundle()) writeFileSync(join(root, "charts", "olm", path), text);
}

for (const [path, text] of generateKindPages()) writeFileSync(join(root, path), text);

writeFileSync(join(root, "docs", "operator-conformance.md"), pointsPage(ALL_POINTS));
