/**
 * Threads for file system calls. Most of them wait for a disk to make something durable, and only those that wait at the
 * same time share what the disk does; Node's own default is four.
 */
const THREADS = "32";

/** Sizes libuv's thread pool; UV_THREADPOOL_SIZE goes before. To be called before anything uses the pool. */
export const sizeThreadPool = (): void => {
	process.env.UV_THREADPOOL_SIZE ??= THREADS;
};
