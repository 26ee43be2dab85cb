/** Codes of actions/auth, each with the sentence that the README's table shows. */
export const authCodes = {} as const;
