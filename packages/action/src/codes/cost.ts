/** Codes of actions/cost-diff, each with the sentence that the README's table shows. */
export const costCodes = {} as const;
