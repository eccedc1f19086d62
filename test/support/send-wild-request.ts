import type { RawConnection, RawResponse } from "./raw-http.ts";
import type { WildBody, WildRequest } from "./v2-requests.ts";

/** Puts what the registry has in place of a request's placeholders. */
export type Fill = (text: string) => string;

/** Longer bodies have no placeholders. */
const MAX_FILLED = 100_000;
/** How long a server may wait for a body that never ends, milliseconds. */
const PATIENCE_MS = 50;

/** What came of a request. */
export interface Outcome {
	/** Undefined when the connection was closed without an answer. */
	readonly status: number | undefined;
	/** Whether the connection may be used again. */
	readonly isReusable: boolean;
}

/**
 * Sends a wild request and waits for its answer. A body that is shorter than it says is given up after a while.
 *
 * @throws Error when neither an answer nor the connection's end comes within 10 seconds
 */
export const sendWildRequest = async (
	connection: RawConnection,
	{ method, target, headers, body }: WildRequest,
	fill: Fill,
): Promise<Outcome> => {
	const isKnown = headers.some(([name]) => name === "authorization");
	const { framing, pieces, isWhole } = frame(body, fill);
	const lines = [
		"host: registry.test",
		...(isKnown ? [] : ["authorization: {authorization}"]),
		...headers.map(([name, value]) => `${name}: ${value}`),
		...framing,
	];
	connection.send(Buffer.from(fill(`${method} ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`)));
	for (const piece of pieces) connection.send(piece);
	const patience = isWhole ? undefined : setTimeout(() => connection.socket.end(), PATIENCE_MS);
	try {
		const response = await finalResponse(connection, method === "HEAD");
		const isReusable = isWhole && response !== undefined && response.headers.connection !== "close";
		return { status: response?.status, isReusable };
	} finally {
		clearTimeout(patience);
	}
};

const finalResponse = async (connection: RawConnection, head: boolean): Promise<RawResponse | undefined> => {
	try {
		for (;;) {
			const response = await connection.response({ head });
			if (response.status >= 200) return response;
		}
	} catch (error) {
		if (error instanceof Error && error.message.startsWith("the connection ended")) return undefined;
		throw error;
	}
};

interface Framed {
	readonly framing: readonly string[];
	readonly pieces: readonly Uint8Array[];
	/** Whether the body ends where the server thinks that it does. */
	readonly isWhole: boolean;
}

const frame = (body: WildBody, fill: Fill): Framed => {
	switch (body.kind) {
		case "none":
			return { framing: [], pieces: [], isWhole: true };
		case "raw":
			return { framing: [], pieces: [body.bytes], isWhole: false };
		case "sized": {
			const bytes = filled(body.bytes, fill);
			const length = body.declared ?? bytes.length;
			return { framing: [`content-length: ${length}`], pieces: [bytes], isWhole: length === bytes.length };
		}
		case "chunked": {
			const pieces = body.pieces
				.map((piece) => filled(piece, fill))
				.filter(({ length }) => length > 0)
				.map((piece) => Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]));
			return {
				framing: ["transfer-encoding: chunked"],
				pieces: [...pieces, Buffer.from(body.end)],
				isWhole: body.end.startsWith("0"),
			};
		}
	}
};

const filled = (bytes: Uint8Array, fill: Fill): Uint8Array =>
	bytes.length > MAX_FILLED || !bytes.includes(0x7b)
		? bytes
		: Buffer.from(fill(Buffer.from(bytes).toString("latin1")), "latin1");
