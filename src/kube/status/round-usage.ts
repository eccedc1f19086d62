const DIGITS = 3;

/** A count or a number of bytes to three significant digits: enough to read, and steady while little happens. */
export const roundUsage = (amount: number): number => Math.round(Number(amount.toPrecision(DIGITS)));
