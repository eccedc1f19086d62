import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";

const root = join(import.meta.dirname, "..");
const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");

/** The exec form of an instruction. */
function execForm(instruction: RegExp): readonly string[] {
	const [, array = ""] = instruction.exec(dockerfile) ?? [];
	return z.array(z.string()).parse(JSON.parse(array));
}

async function healthOf(port: number): Promise<number | null> {
	const [, ...command] = execForm(/^HEALTHCHECK .*CMD (\[.*\])$/m);
	const child = spawn(process.execPath, command, {
		env: { LIMANI_LISTEN: `0.0.0.0:${port}` },
		stdio: "ignore",
	});
	const [code] = z.tuple([z.number().nullable(), z.unknown()]).parse(await once(child, "exit"));
	return code;
}

async function listen(status: number): Promise<Server> {
	const server = createServer((request, response) => {
		response.writeHead(request.url === "/livez" ? status : 404).end();
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return server;
}

function portOf(server: Server): number {
	const address = server.address();
	assert.ok(typeof address === "object" && address !== null);
	return address.port;
}

test("the health check is content with a registry that lives, and only with that", async () => {
	await using living = await listen(200);
	await using ailing = await listen(503);
	const gone = await listen(200);
	const formerPort = portOf(gone);
	await gone[Symbol.asyncDispose]();
	assert.equal(await healthOf(portOf(living)), 0);
	assert.equal(await healthOf(portOf(ailing)), 1);
	assert.equal(await healthOf(formerPort), 1);
});

test("the image runs as a numbered user that is nobody, and starts the registry", () => {
	assert.match(dockerfile, /^USER [1-9]\d*:[1-9]\d*$/m);
	assert.deepEqual(execForm(/^ENTRYPOINT (\[.*\])$/m), ["node", "/app/src/main.ts"]);
	assert.deepEqual(execForm(/^CMD (\[.*\])$/m), ["registry"]);
});

test("what the image copies is let through to its build, and nothing else", () => {
	const allowed = readFileSync(join(root, ".dockerignore"), "utf8").match(/(?<=^!).+/gm) ?? [];
	const copied = Array.from(dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm), ([, sources = ""]) =>
		sources.split(" "),
	);
	assert.deepEqual(copied.flat().toSorted(), allowed.toSorted());
});
