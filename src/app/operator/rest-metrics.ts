import { Counter, Histogram, type Registry as MetricsRegistry } from "prom-client";
import type { ObservedCall } from "#/kube/rest/transport.ts";

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The metrics of requests to the API server, under the names that client-go gives them. */
export const restMetrics = (registry: MetricsRegistry): ((call: ObservedCall) => void) => {
	const registers = [registry];
	const requests = new Counter({
		name: "rest_client_requests_total",
		help: "Number of HTTP requests, partitioned by status code, method, and host.",
		labelNames: ["code", "method", "host"],
		registers,
	});
	const seconds = new Histogram({
		name: "rest_client_request_duration_seconds",
		help: "Request latency in seconds. Broken down by verb, and host.",
		labelNames: ["verb", "host"],
		buckets: BUCKETS,
		registers,
	});
	return ({ code, method, host, seconds: taken }) => {
		requests.inc({ code, method, host });
		seconds.observe({ verb: method, host }, taken);
	};
};
