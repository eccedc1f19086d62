import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

/** Of RFC 1035, sections 3.2.2, 3.2.4 and 4.1.1. */
const [TYPE_A, CLASS_IN, TTL_SECONDS] = [1, 1, 1];
const [ANSWER, NO_SUCH_NAME] = [0x8180, 0x8183];
const HEADER_BYTES = 12;

/** A container by what others call it. */
interface Named {
	readonly service: string;
	/** One in each of its networks. */
	readonly addresses: readonly string[];
}

/** Tells containers where the others are, by the names of services, as Docker's own name server does: one A record each. */
export class NameServer implements AsyncDisposable {
	readonly #sockets: Socket[] = [];
	readonly #containers = new Map<string, Named>();

	/** Answers at port 53 of an address. */
	async listen(address: string): Promise<void> {
		const socket = createSocket("udp4");
		this.#sockets.push(socket);
		socket.on("message", (query, from) => this.#answer(socket, query, from));
		socket.bind(53, address);
		await once(socket, "listening");
	}

	add(container: string, named: Named): void {
		this.#containers.set(container, named);
	}

	remove(container: string): void {
		this.#containers.delete(container);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const socket of this.#sockets) socket.close();
	}

	#answer(socket: Socket, query: Buffer, from: RemoteInfo): void {
		const end = query.indexOf(0, HEADER_BYTES) + 5;
		if (end < HEADER_BYTES + 5 || query.length < end) return;
		const name = readName(query.subarray(HEADER_BYTES, end - 4));
		const all = [...this.#containers.values()];
		const networks = all.find(({ addresses }) => addresses.includes(from.address))?.addresses.map(networkOf) ?? [];
		const known = all.filter(({ service }) => service === name).flatMap(({ addresses }) => addresses);
		// Only what is in a network with whoever asks can be reached by it.
		const near = known.filter((address) => networks.includes(networkOf(address)));
		const records = query.readUInt16BE(end - 4) === TYPE_A ? near : [];
		const header = Buffer.from(query.subarray(0, HEADER_BYTES));
		header.writeUInt16BE(near.length > 0 ? ANSWER : NO_SUCH_NAME, 2);
		for (const [at, count] of [1, records.length, 0, 0].entries()) header.writeUInt16BE(count, 4 + 2 * at);
		const parts = [header, query.subarray(HEADER_BYTES, end), ...records.map(addressRecord)];
		socket.send(Buffer.concat(parts), from.port, from.address, () => undefined);
	}
}

const networkOf = (address: string): string => address.replace(/\d+$/, "");

const readName = (question: Buffer): string => {
	const labels: string[] = [];
	for (let at = 0; at < question.length; ) {
		const length = question[at] ?? 0;
		if (length === 0) break;
		labels.push(question.toString("latin1", at + 1, at + 1 + length));
		at += 1 + length;
	}
	return labels.join(".").toLowerCase();
};

const addressRecord = (address: string): Buffer => {
	const record = Buffer.alloc(16);
	// The name is that of the question.
	record.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
	record.writeUInt16BE(TYPE_A, 2);
	record.writeUInt16BE(CLASS_IN, 4);
	record.writeUInt32BE(TTL_SECONDS, 6);
	record.writeUInt16BE(4, 10);
	for (const [i, number] of address.split(".").entries()) record.writeUInt8(Number(number), 12 + i);
	return record;
};
