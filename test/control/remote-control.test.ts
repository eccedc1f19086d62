import { controlConformance } from "../conformance/control.ts";
import { openRemotePlane } from "../support/control-planes.ts";

controlConformance("the data plane over TLS", openRemotePlane);
