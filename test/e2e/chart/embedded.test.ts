import { join } from "node:path";
import { chartKinds } from "../../support/chart/chart-kinds.ts";
import { chartSuite } from "../../support/chart/chart-suite.ts";
import { openTestApi } from "../../support/embedded-api.ts";

chartSuite("the embedded API", async () => {
	const api = await openTestApi({ moreKinds: chartKinds() });
	return {
		kubeconfig: join(api.directory, "kubeconfig"),
		[Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
	};
});
