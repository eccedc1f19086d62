import { type Channel, isRequests, toWire, type WireOutcome, type WireRequest } from "./wire.ts";

/** Answers one request, as {@link RequestClient.request} does. */
export type Answer = (name: string, input: unknown, id: string | undefined) => Promise<unknown>;

/** Answers the requests of another process; outcomes that come together go in one message. */
export function serveGuest(channel: Channel, answer: Answer): void {
	let unsent: WireOutcome[] = [];
	let open = true;
	channel.onClose(() => {
		open = false;
	});
	const reply = (outcome: WireOutcome) => {
		if (unsent.push(outcome) > 1) return;
		process.nextTick(() => {
			const outcomes = unsent;
			unsent = [];
			if (open) channel.send({ kind: "outcomes", outcomes });
		});
	};
	channel.onMessage((message) => {
		if (!isRequests(message)) return;
		for (const request of message.requests) void answerOne(request, answer).then(reply);
	});
}

async function answerOne({ seq, name, input, id }: WireRequest, answer: Answer): Promise<WireOutcome> {
	try {
		return { seq, ok: true, value: await answer(name, input, id) };
	} catch (error) {
		return { seq, ok: false, failure: toWire(error) };
	}
}
