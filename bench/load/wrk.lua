-- Asks for the paths of a file in turn. BENCH_PATHS names it, BENCH_AUTHORIZATION is the header.
local requests, count, turn = {}, 0, 0

function init()
	wrk.headers["Accept"] = "application/vnd.oci.image.manifest.v1+json"
	wrk.headers["Authorization"] = os.getenv("BENCH_AUTHORIZATION")
	for path in io.lines(os.getenv("BENCH_PATHS")) do
		count = count + 1
		requests[count] = wrk.format(nil, path)
	end
end

function request()
	turn = turn % count + 1
	return requests[turn]
end

function done(summary, latency)
	local errors = summary.errors
	io.write(string.format(
		'\nRESULT {"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"failed":%d}\n',
		summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
		errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
