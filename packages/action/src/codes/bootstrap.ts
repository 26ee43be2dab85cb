/** Codes of actions/bootstrap, each with the sentence that the README's table shows. */
export const bootstrapCodes = {} as const;
