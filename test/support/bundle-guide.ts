/** The commands of a step of a bundle's guide, as they stand. @throws Error when there is no such step */
export const guideStep = (guide: string, number: number): string => {
	const [, text] = new RegExp(`^${number}\\. [\\s\\S]*?\`\`\`sh\\n([\\s\\S]*?)\`\`\``, "m").exec(guide) ?? [];
	if (text === undefined) throw new Error(`the guide has no step ${number} with commands`);
	return text.replace(/^ {3}/gm, "");
};
