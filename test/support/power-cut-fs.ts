/**
 * A file system in memory that knows what would outlive a power cut: of a file what was fsynced, of a directory the
 * entries that were fsynced. Everything else may survive, survive in part or vanish, as a journal and a disk's cache
 * please. What it grants beyond POSIX is what journals and ordered writes grant: a rename never loses the file, since
 * the entry at the old place goes for good only once the one at the new place came for good. An fsync of the old
 * directory alone does not bring that about.
 */
import { posix } from "node:path";
import type { FileStat, FileSystem, OpenFile, OpenMode } from "#/storage/filesystem/file-system.ts";
import { pick, type Random, randomBelow } from "./seeded-random.ts";

type FileEffect =
	| { readonly kind: "write"; readonly position: number; readonly bytes: Uint8Array }
	| { readonly kind: "truncate"; readonly size: number };

interface FileNode {
	readonly kind: "file";
	/** Absent before the first fsync: a check of the file system may then drop what names it. */
	durable: Uint8Array | undefined;
	bytes: Uint8Array;
	/** Since the last fsync. */
	pending: FileEffect[];
}

interface EntryEffect {
	readonly name: string;
	/** Absent when the entry went. */
	readonly node: Node | undefined;
	/** Whether it outlives a power cut, be it only once `after` does. */
	isSynced: boolean;
	/** What must have become durable before this can. */
	readonly after?: EntryEffect;
}

interface DirectoryNode {
	readonly kind: "directory";
	readonly entries: Map<string, Node>;
	/** How the entries came about, from an empty directory on. */
	readonly history: EntryEffect[];
}

type Node = FileNode | DirectoryNode;

/** One fsync that was asked for, in order. */
export interface FsyncCall {
	readonly ordinal: number;
	readonly kind: "file" | "directory";
	readonly path: string;
}

/** How the file system misbehaves. */
export interface PowerCutOpts {
	/** The power fails before the effect of this number (from 0) happens. @defaultValue never */
	readonly cutBefore?: number;
	/** An fsync that says yes and does nothing, as if the driver had not called it. @defaultValue none */
	readonly isSwallowed?: (call: FsyncCall) => boolean;
}

/** Thrown by every call once the power is gone. Has no code, as it is no answer of an operating system. */
export class PowerCut extends Error {}

/** See the head of this file. */
export class PowerCutFileSystem implements FileSystem {
	readonly #root: DirectoryNode;
	readonly #opts: PowerCutOpts;
	/** Every fsync so far, swallowed ones included. */
	readonly fsyncs: FsyncCall[] = [];
	/** Effects so far. */
	effects = 0;

	/** @param root what a cut left; an empty file system without it */
	constructor(opts: PowerCutOpts = {}, root: DirectoryNode = directoryNode()) {
		this.#opts = opts;
		this.#root = root;
	}

	/** What a new start finds after the power went now. Which of the legal outcomes it is, `random` decides. */
	cut(random: Random, opts: PowerCutOpts = {}): PowerCutFileSystem {
		return new PowerCutFileSystem(opts, afterCut(this.#root, random));
	}

	async open(path: string, mode: OpenMode): Promise<OpenFile> {
		if (mode === "create") return this.#openFile(path, await this.#create(path));
		await this.#look();
		const node = this.#find(path);
		if (node.kind !== "file") throw failure("EISDIR", path);
		return this.#openFile(path, node);
	}

	async stat(path: string): Promise<FileStat> {
		await this.#look();
		return statOf(this.#find(path));
	}

	async readDirectory(path: string): Promise<{ name: string; kind: FileStat["kind"] }[]> {
		await this.#look();
		return [...this.#directory(path).entries].map(([name, { kind }]) => ({ name, kind }));
	}

	async makeDirectory(path: string): Promise<void> {
		await this.#affect();
		this.#add(path, directoryNode());
	}

	async rename(from: string, to: string): Promise<void> {
		await this.#affect();
		const node = this.#find(from);
		const target = this.#directory(posix.dirname(to));
		const source = this.#directory(posix.dirname(from));
		// As POSIX has it for two names of one file.
		if (target.entries.get(posix.basename(to)) === node) return;
		const arrival = affectEntry(target, posix.basename(to), node);
		affectEntry(source, posix.basename(from), undefined, arrival);
	}

	async unlink(path: string): Promise<void> {
		await this.#affect();
		if (this.#find(path).kind === "directory") throw failure("EISDIR", path);
		affectEntry(this.#directory(posix.dirname(path)), posix.basename(path), undefined);
	}

	async fsyncDirectory(path: string): Promise<void> {
		await this.#affect();
		const node = this.#directory(path);
		if (this.#isSwallowed("directory", path)) return;
		for (const effect of node.history) effect.isSynced = true;
	}

	async checkWritable(path: string): Promise<void> {
		await this.#look();
		this.#directory(path);
	}

	async #create(path: string): Promise<FileNode> {
		await this.#affect();
		const node: FileNode = { kind: "file", durable: undefined, bytes: new Uint8Array(), pending: [] };
		this.#add(path, node);
		return node;
	}

	#openFile(path: string, node: FileNode): OpenFile {
		return {
			read: async (target, position) => {
				await this.#look();
				const bytes = node.bytes.subarray(position, position + target.byteLength);
				target.set(bytes);
				return bytes.byteLength;
			},
			write: async (pieces, position) => {
				await this.#affect();
				affectFile(node, { kind: "write", position, bytes: Buffer.concat(pieces) });
			},
			truncate: async (size) => {
				await this.#affect();
				affectFile(node, { kind: "truncate", size });
			},
			fsync: async () => {
				await this.#affect();
				if (this.#isSwallowed("file", path)) return;
				node.durable = node.bytes;
				node.pending = [];
			},
			stat: async () => {
				await this.#look();
				return statOf(node);
			},
			close: () => Promise.resolve(),
		};
	}

	#isSwallowed(kind: FsyncCall["kind"], path: string): boolean {
		const call: FsyncCall = { ordinal: this.fsyncs.length, kind, path };
		this.fsyncs.push(call);
		return this.#opts.isSwallowed?.(call) ?? false;
	}

	/** Every call lets others go first, as a real one does. */
	async #look(): Promise<void> {
		await Promise.resolve();
		if (this.effects > (this.#opts.cutBefore ?? Number.POSITIVE_INFINITY)) throw new PowerCut("no power");
	}

	async #affect(): Promise<void> {
		await this.#look();
		if (this.effects++ >= (this.#opts.cutBefore ?? Number.POSITIVE_INFINITY)) throw new PowerCut("no power");
	}

	#add(path: string, node: Node): void {
		const parent = this.#directory(posix.dirname(path));
		const name = posix.basename(path);
		if (parent.entries.has(name)) throw failure("EEXIST", path);
		affectEntry(parent, name, node);
	}

	#directory(path: string): DirectoryNode {
		const node = this.#find(path);
		if (node.kind !== "directory") throw failure("ENOTDIR", path);
		return node;
	}

	#find(path: string): Node {
		let node: Node = this.#root;
		for (const name of path.split("/").filter((part) => part !== "")) {
			if (node.kind !== "directory") throw failure("ENOTDIR", path);
			const next = node.entries.get(name);
			if (next === undefined) throw failure("ENOENT", path);
			node = next;
		}
		return node;
	}
}

function directoryNode(): DirectoryNode {
	return { kind: "directory", entries: new Map(), history: [] };
}

function failure(code: string, path: string): Error {
	return Object.assign(new Error(`${code}: ${path}`), { code });
}

function statOf(node: Node): FileStat {
	return { kind: node.kind, size: node.kind === "file" ? node.bytes.byteLength : 0, modifiedAt: 0 };
}

function affectFile(node: FileNode, effect: FileEffect): void {
	node.bytes = applyToBytes(node.bytes, effect);
	node.pending.push(effect);
}

function affectEntry(directory: DirectoryNode, name: string, node: Node | undefined, after?: EntryEffect): EntryEffect {
	const effect: EntryEffect = { name, node, isSynced: false, ...(after && { after }) };
	applyToEntries(directory.entries, effect);
	directory.history.push(effect);
	return effect;
}

function applyToEntries(entries: Map<string, Node>, { name, node }: EntryEffect): void {
	if (node === undefined) entries.delete(name);
	else entries.set(name, node);
}

function applyToBytes(bytes: Uint8Array, effect: FileEffect): Uint8Array {
	const size =
		effect.kind === "truncate" ? effect.size : Math.max(bytes.byteLength, effect.position + effect.bytes.byteLength);
	const next = new Uint8Array(size);
	next.set(bytes.subarray(0, size));
	if (effect.kind === "write") next.set(effect.bytes, effect.position);
	return next;
}

/** How probable it is that something survives that need not: nothing, anything, everything. */
const SURVIVAL: readonly [number, ...number[]] = [0, 0.5, 1];

function afterCut(root: DirectoryNode, random: Random): DirectoryNode {
	const ofEntries = pick(random, SURVIVAL);
	const ofBytes = pick(random, SURVIVAL);
	const verdicts = new Map<EntryEffect, boolean>();
	const survives = (effect: EntryEffect): boolean => {
		const verdict =
			verdicts.get(effect) ??
			((effect.isSynced || random() < ofEntries) && (effect.after === undefined || survives(effect.after)));
		verdicts.set(effect, verdict);
		return verdict;
	};
	const remade = new Map<FileNode, FileNode | undefined>();
	const remakeFile = (node: FileNode): FileNode | undefined => {
		if (!remade.has(node)) remade.set(node, fileAfterCut(node, random, ofBytes));
		return remade.get(node);
	};
	const remakeDirectory = (node: DirectoryNode): DirectoryNode => {
		const entries = new Map<string, Node>();
		for (const effect of node.history) if (survives(effect)) applyToEntries(entries, effect);
		const fresh = directoryNode();
		for (const [name, child] of entries) {
			const after = child.kind === "file" ? remakeFile(child) : remakeDirectory(child);
			if (after !== undefined) affectEntry(fresh, name, after).isSynced = true;
		}
		return fresh;
	};
	return remakeDirectory(root);
}

/** Each write since the last fsync survives, vanishes, or survives in its first bytes; gaps read as zeros. */
function fileAfterCut(node: FileNode, random: Random, survival: number): FileNode | undefined {
	if (node.durable === undefined && random() >= survival) return undefined;
	let bytes = node.durable ?? new Uint8Array();
	for (const effect of node.pending) {
		if (random() >= survival) continue;
		const isTorn = effect.kind === "write" && survival < 1 && random() < 0.5;
		bytes = applyToBytes(
			bytes,
			isTorn ? { ...effect, bytes: effect.bytes.subarray(0, randomBelow(random, effect.bytes.byteLength)) } : effect,
		);
	}
	return { kind: "file", durable: bytes, bytes, pending: [] };
}
