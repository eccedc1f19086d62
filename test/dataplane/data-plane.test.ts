import { controlConformance } from "../conformance/control.ts";
import { openControlPlane, openSqliteState } from "../support/control-planes.ts";

controlConformance("the data plane in process", async () => openControlPlane(await openSqliteState()));
