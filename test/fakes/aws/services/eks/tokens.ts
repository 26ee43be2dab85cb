import type { Handler, World } from "../../world.ts";
import { invalidRequest } from "./find.ts";

interface TokenInput {
  readonly clientRequestToken?: string | undefined;
}

/**
 * Idempotency: the same token with the same parameters is answered as before, with others it is refused. A token whose
 * object is gone meanwhile counts as new, else a cluster could not be built, destroyed and built again from one file.
 */
export function idempotent<Input>(
  run: Handler,
  isThere: (world: World, input: Input) => boolean = () => true,
): Handler {
  return async (call, input) => {
    const { clientRequestToken, ...rest } = (input ?? {}) as TokenInput;
    if (clientRequestToken === undefined) return run(call, input);
    const key = `${call.operation.name}|${clientRequestToken}`;
    const wanted = JSON.stringify(rest);
    const known = call.world.tokens.get(key);
    if (known !== undefined && isThere(call.world, input as Input)) {
      if (known.input === wanted) return structuredClone(known.output);
      throw invalidRequest(
        `The client request token ${clientRequestToken} was used before with other parameters of ${call.operation.name}.`,
      );
    }
    const output = await run(call, input);
    call.world.tokens.set(key, { input: wanted, output: structuredClone(output) });
    return output;
  };
}
