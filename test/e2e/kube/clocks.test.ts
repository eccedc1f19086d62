import "../../support/on-real-api.ts";
import "../operator/clocks.test.ts";
