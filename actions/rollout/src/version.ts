/** Version of the action, as the inventory names its tooling. */
export const version = "0.1.0";
