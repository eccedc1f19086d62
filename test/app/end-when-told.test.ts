import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";

const source = join(import.meta.dirname, "..", "..", "src", "app", "end-when-told.ts");

/** How a program ends that runs for ever, told to end as soon as it has said that it runs. */
const endOf = async (signal: NodeJS.Signals, program: string): Promise<readonly unknown[]> => {
	const text = `import { endWhenTold } from ${JSON.stringify(source)};
		endWhenTold();
		setTimeout(() => process.exit(9), 60_000);
		${program}
		console.log("runs");`;
	const child = spawn(process.execPath, ["--input-type=module", "--eval", text], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const exited = once(child, "exit");
	await once(child.stdout, "data");
	child.kill(signal);
	return await exited;
};

test("a program that listens for no signal ends by one, with the code that shells give to that", async () => {
	assert.deepEqual(await endOf("SIGTERM", ""), [143, null]);
	assert.deepEqual(await endOf("SIGINT", ""), [130, null]);
});

test("a program that listens for a signal ends as it likes to", async () => {
	const listening = 'process.on("SIGTERM", () => setTimeout(() => process.exit(7), 50));';
	assert.deepEqual(await endOf("SIGTERM", listening), [7, null]);
});
