/** What stands under test: one registry, or nginx with the same bytes. */
export interface Server extends AsyncDisposable {
	/** Name and version. */
	readonly name: string;
	readonly kind: "limani" | "registry" | "nginx";
	readonly port: number;
	/** The process whose tree is measured. */
	readonly pid: number;
	/** What is to know about how it runs. */
	readonly remark: string;
	/** The Authorization header for everything that the benchmark does; absent where none is wanted. */
	readonly authorization: string | undefined;
}
