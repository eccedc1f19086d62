import { describe } from "node:test";
import { chartSuite } from "../../support/chart/chart-suite.ts";
import { openKubePlane, skipWithoutKube } from "../../support/kube-plane.ts";

describe("on a real API server", { skip: skipWithoutKube() }, () => {
	// A namespace has its service account, which pods need, from a controller.
	chartSuite("a real API server", () => openKubePlane({ controllers: true }));
});
