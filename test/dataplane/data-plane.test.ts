import { controlConformance } from "../conformance/control.ts";
import { openLocalPlane } from "../support/control-planes.ts";

controlConformance("the data plane in process", openLocalPlane);
