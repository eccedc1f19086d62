// To be loaded before a program (`node --import`) whose wall clock shall be wrong: by LIMANI_TEST_CLOCK_SHIFT
// milliseconds. Monotonic time and timers are as they are.
const shift = Number(process.env.LIMANI_TEST_CLOCK_SHIFT ?? 0);
const RealDate = Date;

globalThis.Date = new Proxy(RealDate, {
	construct: (target, args, newTarget) =>
		Reflect.construct(target, args.length === 0 ? [RealDate.now() + shift] : args, newTarget),
	get: (target, name) => (name === "now" ? () => RealDate.now() + shift : Reflect.get(target, name)),
});
