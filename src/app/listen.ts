import { once } from "node:events";
import type { Server } from "node:http";
import { ConfigError } from "./config/load.ts";

/** Splits `HOST:PORT`; an IPv6 address stands in brackets. */
const splitAddress = (address: string): { readonly host: string; readonly port: number } => {
	const colon = address.lastIndexOf(":");
	return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(address.slice(colon + 1)) };
};

/** Listens on `HOST:PORT`. @throws ConfigError when the address is taken or cannot be had */
export const listen = async (server: Server, address: string): Promise<void> => {
	server.listen(splitAddress(address));
	await once(server, "listening").catch((cause: unknown) => {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new ConfigError(`listen: got ${address}: expected an address of this machine that is free (${why})`, {
			cause,
		});
	});
};
