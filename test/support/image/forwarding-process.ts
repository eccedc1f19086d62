// Takes connections at a socket of the file system, and makes each at a port of loopback of the network that it runs in:
// `forwarding-process.ts SOCKET PORT`. Says when it is ready.
import { connect, createServer } from "node:net";

const [socket, port] = process.argv.slice(2);
const server = createServer((client) => {
	const upstream = connect(Number(port), "127.0.0.1");
	client.on("error", () => upstream.destroy());
	upstream.on("error", () => client.destroy());
	client.pipe(upstream).pipe(client);
});
server.listen(socket, () => console.log("ready"));
