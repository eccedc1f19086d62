import "../../support/on-real-api.ts";
import "../operator/life.test.ts";
