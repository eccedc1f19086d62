const MAX_TAG_LENGTH = 128;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]*$/;

/** Whether the text is a tag by the grammar of the distribution specification ("Pulling manifests"): 1 to 128 characters. */
export const isTag = (text: string): boolean => text.length <= MAX_TAG_LENGTH && TAG.test(text);
