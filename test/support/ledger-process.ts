// A process of its own that works on the ledger of a directory, as the argument says:
// `host DIRECTORY`: takes the directory, serves its parent as a guest, says "ready" and stays.
// `guest DIRECTORY`: waits for "go COUNT", makes that many writes as a guest of its parent, 64 at once, and says what
// was acknowledged.

import { ipcChannel } from "#/metadata/sqlite/ipc-channel.ts";
import { openGuest, openHost } from "#/metadata/sqlite/open-engine.ts";
import { sqliteLedger } from "./sqlite-ledger.ts";

const [role, directory = ""] = process.argv.slice(2);
if (role === "host") {
	const engine = await openHost(directory, sqliteLedger, () => {});
	engine.serve(ipcChannel(process));
	process.send?.("ready");
} else {
	const engine = openGuest(directory, ipcChannel(process), sqliteLedger);
	process.on("message", async (message) => {
		if (typeof message !== "number") return;
		const acknowledged: string[] = [];
		const writer = async (lane: number) => {
			for (let turn = lane; turn < message; turn += 64) {
				const text = `${process.pid}/${turn}`;
				await engine.write("append", { text, bytes: new Uint8Array(100) });
				await engine.write("increment", "shared");
				const seen = await engine.read("bytesOf", text);
				if (!(seen instanceof Uint8Array)) throw new Error(`${text} was acknowledged and is not there`);
				acknowledged.push(text);
			}
		};
		await Promise.all(Array.from({ length: 64 }, (_, lane) => writer(lane)));
		process.send?.(acknowledged, () => process.disconnect?.());
	});
	process.send?.("ready");
}
