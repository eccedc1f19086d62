/** Bounds and times of uploads in one process. */
export interface UploadLimits {
	/** Requests that may carry bytes into uploads at once. @defaultValue 256 */
	readonly concurrentUploads: number;
	/** Uploads that may be open in one project. @defaultValue 1000 */
	readonly openPerProject: number;
	/** Writers kept open between the requests of an upload. @defaultValue 256 */
	readonly openWriters: number;
	/** How long such a writer waits for the next request, in milliseconds. @defaultValue 60 000 */
	readonly idleWriterMs: number;
	/** How long a request's hold on an upload lasts without being renewed, in milliseconds. @defaultValue 30 000 */
	readonly leaseMs: number;
	/** How often it is renewed while bytes flow, in milliseconds. @defaultValue 10 000 */
	readonly extendMs: number;
	/** How long work goes on that a request left behind (keeping what came, cleaning up), in milliseconds. @defaultValue 30 000 */
	readonly afterMs: number;
}

/** The defaults of {@link UploadLimits}. */
export const DEFAULT_UPLOAD_LIMITS: UploadLimits = {
	concurrentUploads: 256,
	openPerProject: 1_000,
	openWriters: 256,
	idleWriterMs: 60_000,
	leaseMs: 30_000,
	extendMs: 10_000,
	afterMs: 30_000,
};
