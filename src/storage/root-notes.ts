/** Small texts beside the objects of a store whose root is a directory. A store that is opened there does not list them. */
export interface RootNotes {
	/** Absent when there is none of this name. @throws StoreError */
	read(name: string): Promise<string | undefined>;
	/** Writes it whole, in place of what it said before. It is durable afterwards. @throws StoreError */
	write(name: string, text: string): Promise<void>;
}
