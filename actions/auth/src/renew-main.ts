import { ActionError, systemClock } from "@eks-actions/action";
import { readRecipe, renewSession } from "@eks-actions/aws";

/**
 * A renewal for the credential program, which is a bundle of its own and holds no SDK: it starts this bundle once an
 * hour instead of shipping a second copy. One line of JSON on stdout, `{session}` or `{error}`; always exit code 0.
 */
export async function renewMain(
  sessionFile: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const answer = await renewSession(readRecipe(sessionFile), env, systemClock).then(
    (session) => ({ session }),
    (thrown: unknown) => ({
      error:
        thrown instanceof ActionError
          ? { code: thrown.code, message: thrown.message }
          : { code: "INTERNAL", message: String(thrown) },
    }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  return 0;
}
