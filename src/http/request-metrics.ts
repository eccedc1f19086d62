import { Counter, Histogram, type Registry as MetricsRegistry } from "prom-client";
import type { RequestObserver } from "./request-observer.ts";

/**
 * Counts and times requests by method, kind of endpoint and status. The labels are bounded sets: never a repository,
 * a tag, a digest or a user.
 */
export const requestMetrics = (metrics: MetricsRegistry): RequestObserver => {
	const requests = new Counter({
		name: "limani_http_requests_total",
		help: "Requests answered.",
		labelNames: ["method", "route", "status"],
		registers: [metrics],
	});
	const seconds = new Histogram({
		name: "limani_http_request_duration_seconds",
		help: "Time from the request's headers to the end of its answer.",
		labelNames: ["method", "route"],
		buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600],
		registers: [metrics],
	});
	const meters = new Map<string, Meter>();
	return {
		observe: ({ request, route, status, seconds: duration }) => {
			const method = METHODS.has(request.method ?? "") ? (request.method ?? "other") : "other";
			const key = `${method} ${route} ${status}`;
			let meter = meters.get(key);
			if (meter === undefined) {
				// Looking up labels costs more than counting does.
				meter = {
					requests: requests.labels({ method, route, status: String(status) }),
					seconds: seconds.labels({ method, route }),
				};
				meters.set(key, meter);
			}
			meter.requests.inc();
			meter.seconds.observe(duration);
		},
	};
};

interface Meter {
	readonly requests: Counter.Internal;
	readonly seconds: Histogram.Internal<string>;
}

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
