import { z } from "zod";
import { parseNetwork } from "#/lib/address-set.ts";

/** Where to listen: a host and a port. */
export const hostPort = z
	.string()
	.regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, {
		error: "expected HOST:PORT, such as 127.0.0.1:5080",
		abort: true,
	})
	.refine((address) => Number(/\d+$/.exec(address)?.[0]) <= 65_535, "expected a port up to 65535");

/** An address, or a network of them. */
export const network = z
	.string()
	.refine((text) => parseNetwork(text) !== undefined, "expected an address or a network, such as 10.0.0.0/8");
