// Takes connections at an address of the network that it runs in, and makes each at a socket of the file system:
// `leading-in-process.ts SOCKET HOST PORT`. Says when it is ready.
import { connect, createServer } from "node:net";

const [socket = "", host, port] = process.argv.slice(2);
const server = createServer((client) => {
	const upstream = connect(socket);
	client.on("error", () => upstream.destroy());
	upstream.on("error", () => client.destroy());
	client.pipe(upstream).pipe(client);
});
server.listen(Number(port), host, () => console.log("ready"));
