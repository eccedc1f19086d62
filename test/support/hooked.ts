import type { BlobStore, BlobWriter } from "#/storage/blob-store.ts";

/**
 * Is told of each call before it is made, and may delay it or make it fail. A function that it resolves to is called
 * when the call has succeeded, and may make it look failed: done, but nobody knows.
 */
export type Hook = (method: string, args: readonly unknown[]) => Promise<(() => void) | undefined>;

/** `target`, every asynchronous method of which goes through `hook`; for async generators before the first entry. */
export const hooked = <T extends object>(target: T, hook: Hook): T =>
	new Proxy(target, {
		get: (_, name) => {
			const member: unknown = Reflect.get(target, name, target);
			if (typeof member !== "function" || typeof name === "symbol") {
				return typeof member === "function" ? member.bind(target) : member;
			}
			// Generators must stay iterable at once.
			if (name === "list" && "driver" in target) return member.bind(target);
			return async (...args: unknown[]) => {
				const after = await hook(name, args);
				const result: unknown = await Reflect.apply(member, target, args);
				after?.();
				return result;
			};
		},
	});

/** A store whose calls and whose writers' calls go through `hook`; writers' methods come as `writer.append` and so on. */
export const hookedStore = (store: BlobStore, hook: Hook): BlobStore => {
	const ofWriter = (writer: BlobWriter): BlobWriter => hooked(writer, (method, args) => hook(`writer.${method}`, args));
	const write: BlobStore["write"] = async (...args) => ofWriter(await store.write(...args));
	const resume: BlobStore["resume"] = async (...args) => ofWriter(await store.resume(...args));
	const inner: BlobStore = {
		driver: store.driver,
		write,
		resume,
		stat: (...args) => store.stat(...args),
		open: (...args) => store.open(...args),
		delete: (...args) => store.delete(...args),
		list: (...args) => store.list(...args),
		[Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
	};
	return hooked(inner, hook);
};

/** Fails the next call of `method` with `error`; every other call, and later ones, go through. */
export const failOnce = (method: string, error: Error): Hook => {
	let failed = false;
	return async (called) => {
		if (failed || called !== method) return undefined;
		failed = true;
		throw error;
	};
};
