// Preloaded (`--import`) into an operator that runs beside its cluster: the Services of the cluster are on loopback, at
// the address of it that LIMANI_BENCH_SERVICES names.
import dns from "node:dns";

const { lookup } = dns;

const address = process.env.LIMANI_BENCH_SERVICES ?? "127.0.0.1";

type Callback = (error: NodeJS.ErrnoException | null, address?: unknown, family?: number) => void;

const answer = (options: unknown, callback: Callback): void => {
	const all = typeof options === "object" && options !== null && "all" in options && options.all === true;
	if (all) callback(null, [{ address, family: 4 }]);
	else callback(null, address, 4);
};

Object.defineProperty(dns, "lookup", {
	value: (name: string, options: unknown, callback?: Callback): void => {
		const told = typeof options === "function" ? (options as Callback) : callback;
		if (told === undefined) throw new TypeError("lookup takes a callback");
		if (name.endsWith(".svc")) process.nextTick(answer, options, told);
		else Reflect.apply(lookup, dns, typeof options === "function" ? [name, told] : [name, options, told]);
	},
});
