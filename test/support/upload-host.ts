import { hash } from "node:crypto";
import type { SeenRequest, StandInReply } from "./stand-in.ts";

/** What goes wrong with a request of an upload; undefined as an answer: the connection is cut after the request was taken. */
export type UploadFault = (request: SeenRequest, count: number) => StandInReply | "cut" | "lose" | undefined;

/** The uploads of one repository, as a registry keeps them. */
export class UploadHost {
	readonly blobs = new Map<string, Buffer>();
	/** Of other repositories, to be mounted. */
	readonly elsewhere = new Map<string, string>();
	readonly uploads = new Map<string, Buffer>();
	readonly seen: string[] = [];
	/** Sizes of what requests brought. */
	readonly pieces: number[] = [];
	readonly #fault: UploadFault;
	readonly #headers: Readonly<Record<string, string>>;
	#next = 0;

	constructor(fault: UploadFault = () => undefined, headers: Readonly<Record<string, string>> = {}) {
		this.#fault = fault;
		this.#headers = headers;
	}

	readonly answer = (request: SeenRequest): StandInReply | undefined => {
		const { method, path } = request;
		if (path === "/v2/") return {};
		this.seen.push(method);
		const fault = this.#fault(request, this.seen.filter((seen) => seen === method).length);
		if (fault === "cut") return undefined;
		if (typeof fault === "object") return fault;
		const reply = this.#serve(request);
		return fault === "lose" ? undefined : reply;
	};

	#serve({ method, path, query, headers, body }: SeenRequest): StandInReply {
		const digest = /\/blobs\/(sha256:[0-9a-f]+)$/.exec(path)?.[1];
		if (digest !== undefined)
			return this.blobs.has(digest) ? {} : { status: 404, headers: { "content-type": "application/json" } };
		if (method === "POST") return this.#begin(query);
		const id = query.get("id") ?? "";
		const held = this.uploads.get(id);
		if (held === undefined) return { status: 404, body: { errors: [{ code: "BLOB_UPLOAD_UNKNOWN" }] } };
		if (method === "DELETE") this.uploads.delete(id);
		if (method === "DELETE" || method === "GET") return this.#state(id, 204);
		this.pieces.push(body.length);
		const from = Number(headers["content-range"]?.split("-")[0] ?? held.length);
		if (from !== held.length) return { ...this.#state(id, 416) };
		this.uploads.set(id, Buffer.concat([held, body]));
		return method === "PATCH" ? this.#state(id, 202) : this.#finish(id, query.get("digest") ?? "");
	}

	#begin(query: URLSearchParams): StandInReply {
		const mount = query.get("mount");
		if (mount !== null && this.elsewhere.get(mount) === query.get("from")) {
			this.blobs.set(mount, Buffer.alloc(0));
			return { status: 201 };
		}
		const id = String(this.#next++);
		this.uploads.set(id, Buffer.alloc(0));
		return this.#state(id, 202);
	}

	#state(id: string, status: number): StandInReply {
		const size = this.uploads.get(id)?.length ?? 0;
		const location = `/v2/team/app/blobs/uploads/here?id=${id}&state=${size}%2B%3D`;
		return { status, headers: { ...this.#headers, location, range: `0-${Math.max(0, size - 1)}` } };
	}

	#finish(id: string, digest: string): StandInReply {
		const bytes = this.uploads.get(id) ?? Buffer.alloc(0);
		this.uploads.delete(id);
		if (`sha256:${hash("sha256", bytes)}` !== digest)
			return { status: 400, body: { errors: [{ code: "DIGEST_INVALID" }] } };
		this.blobs.set(digest, bytes);
		return { status: 201, headers: { "docker-content-digest": digest } };
	}
}
