import { dlopen, getInt32, getRawPointer } from "node:ffi";

/**
 * The socket calls of the C library, so that a client can drop what it receives inside the kernel (MSG_TRUNC): it then
 * costs a fraction of what the server costs, and is not what is measured. Linux with glibc only.
 */
const { functions: libc } = dlopen("libc.so.6", {
	socket: { arguments: ["int32", "int32", "int32"], return: "int32" },
	connect: { arguments: ["int32", "pointer", "uint32"], return: "int32" },
	setsockopt: { arguments: ["int32", "int32", "int32", "pointer", "uint32"], return: "int32" },
	send: { arguments: ["int32", "pointer", "uint64", "int32"], return: "int64" },
	recv: { arguments: ["int32", "pointer", "uint64", "int32"], return: "int64" },
	poll: { arguments: ["pointer", "uint64", "int32"], return: "int32" },
	close: { arguments: ["int32"], return: "int32" },
	__errno_location: { arguments: [], return: "pointer" },
});

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const EAGAIN = 11;

/** Most bytes that one call drops. */
const DROP_BYTES = 4 * 1024 * 1024;
const target = Buffer.allocUnsafeSlow(DROP_BYTES);
const targetPointer = getRawPointer(target);

/**
 * A connection to a port of 127.0.0.1.
 *
 * @param receiveBuffer bytes for the kernel to hold; absent: as it sees fit
 */
export const connect = (port: number, receiveBuffer: number | undefined): number => {
	const fd = check("socket", libc.socket(AF_INET, SOCK_STREAM, 0));
	if (receiveBuffer !== undefined) setOption(fd, SOL_SOCKET, SO_RCVBUF, receiveBuffer);
	setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	const address = Buffer.alloc(16);
	address.writeUInt16LE(AF_INET, 0);
	address.writeUInt16BE(port, 2);
	address.set([127, 0, 0, 1], 4);
	check("connect", libc.connect(fd, getRawPointer(address), address.length));
	return fd;
};

/** Sends a request whole. */
export const sendText = (fd: number, text: string): void => {
	const bytes = Buffer.from(text, "latin1");
	const sent = Number(libc.send(fd, getRawPointer(bytes), BigInt(bytes.length), 0));
	if (sent !== bytes.length) throw new Error(`send: ${sent} of ${bytes.length}, errno ${errno()}`);
};

/** What has arrived, at most `max` bytes: 0 at the end of the stream, undefined when there is nothing yet. */
export const receive = (fd: number, max: number): Buffer | undefined => {
	const count = receiveInto(fd, max, MSG_DONTWAIT);
	return count === undefined ? undefined : Buffer.from(target.subarray(0, count));
};

/** Drops what has arrived, at most `max` bytes, and tells how many: see {@link receive}. */
export const drop = (fd: number, max: number): number | undefined => receiveInto(fd, max, MSG_DONTWAIT | MSG_TRUNC);

const receiveInto = (fd: number, max: number, flags: number): number | undefined => {
	const count = Number(libc.recv(fd, targetPointer, BigInt(Math.min(max, DROP_BYTES)), flags));
	if (count >= 0) return count;
	const code = errno();
	if (code === EAGAIN) return undefined;
	throw new Error(`recv: errno ${code}`);
};

/** Closes the connection. */
export const close = (fd: number): void => {
	libc.close(fd);
};

/** Waits for input on any of many connections. */
export class Poll {
	readonly #set: Buffer;
	readonly #pointer: bigint;
	readonly #count: bigint;

	/** @param fds negative ones are passed over */
	constructor(fds: readonly number[]) {
		this.#set = Buffer.alloc(fds.length * 8);
		this.#pointer = getRawPointer(this.#set);
		this.#count = BigInt(fds.length);
		const POLLIN = 1;
		for (const [index, fd] of fds.entries()) {
			this.#set.writeInt32LE(fd, index * 8);
			this.#set.writeInt16LE(POLLIN, index * 8 + 4);
		}
	}

	/** Takes a connection out. */
	remove(index: number): void {
		this.#set.writeInt32LE(-1, index * 8);
	}

	/** Indexes of the connections that have something. */
	*wait(): Generator<number, void, undefined> {
		if (check("poll", libc.poll(this.#pointer, this.#count, 60_000)) === 0) throw new Error("no byte for a minute");
		for (let index = 0; index < Number(this.#count); index++) {
			if (this.#set.readInt16LE(index * 8 + 6) !== 0) yield index;
		}
	}
}

const setOption = (fd: number, level: number, name: number, value: number): void => {
	const bytes = Buffer.alloc(4);
	bytes.writeInt32LE(value);
	check("setsockopt", libc.setsockopt(fd, level, name, getRawPointer(bytes), 4));
};

const errno = (): number => getInt32(libc.__errno_location());

const check = (call: string, result: number): number => {
	if (result < 0) throw new Error(`${call}: errno ${errno()}`);
	return result;
};
