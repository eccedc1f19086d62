import "../../support/on-real-api.ts";
import "../operator/tenancy.test.ts";
