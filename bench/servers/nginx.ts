import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../test/support/free-ports.ts";
import { startChild } from "./child.ts";
import type { Server } from "./server.ts";

/** One nginx worker that serves `root` as static files: what the machine can do at most. */
export const startNginx = async (program: string, root: string, folder: string): Promise<Server> => {
	const port = await freePort();
	const prefix = join(folder, "nginx");
	mkdirSync(join(prefix, "temp"), { recursive: true });
	const config = join(prefix, "nginx.conf");
	writeFileSync(config, configOf(port, root, prefix));
	const child = await startChild({
		command: [program, "-p", prefix, "-c", config],
		logFile: join(folder, "nginx.log"),
		probe: `http://127.0.0.1:${port}/`,
	});
	return {
		name: "nginx",
		kind: "nginx",
		port,
		pid: child.pid,
		remark: "one worker, static files, sendfile on, no authentication, no access log",
		authorization: undefined,
		[Symbol.asyncDispose]: () => child.stop(),
	};
};

const configOf = (port: number, root: string, prefix: string): string => {
	const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
		(kind) => `${kind}_temp_path ${join(prefix, "temp", kind)};`,
	);
	return `
daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
pid ${join(prefix, "pid")};
error_log stderr warn;
events { worker_connections 4096; }
http {
	${temporary.join("\n\t")}
	default_type application/octet-stream;
	access_log off;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 100000000;
	server { listen 127.0.0.1:${port}; root ${root}; }
}
`;
};
