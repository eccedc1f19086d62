// To be imported before anything else by tests that take the suites of the operator to a real API server.
process.env.LIMANI_TEST_API = "kube";
// All takes longer there, the end above all.
process.env.DURATION ??= "6";
