import { ADMIN, startLimani } from "../support/limani-process.ts";
import { remoteSuite } from "../support/remote-suite.ts";

const start = async () => {
	const limani = await startLimani();
	const { port } = new URL(limani.url);
	return {
		port: Number(port),
		credentials: { username: ADMIN.user, password: ADMIN.password },
		[Symbol.asyncDispose]: () => limani[Symbol.asyncDispose](),
	};
};

remoteSuite("a registry like this one", false, start, { deletesTags: true, keepsUploads: true, listsReferrers: true });
