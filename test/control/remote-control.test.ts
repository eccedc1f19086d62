import { controlConformance } from "../conformance/control.ts";
import { openControlPlane, openQuickState, overTls } from "../support/control-planes.ts";

controlConformance("the data plane over TLS", async () => openControlPlane(await openQuickState(), overTls));
