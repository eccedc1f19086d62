import "../../support/on-real-api.ts";
import "../operator/convergence.test.ts";
