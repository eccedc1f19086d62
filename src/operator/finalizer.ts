/** Keeps a resource until what was done for it elsewhere is undone. */
export const FINALIZER = "limani.dev/cleanup";
