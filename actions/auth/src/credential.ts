import { runCredentialProgram } from "./credential-program.ts";

const code = await runCredentialProgram(process.argv.slice(2), process.env);
// A line may still be on its way to a pipe, and a kept connection must not hold the process.
process.stdout.write("", () => process.exit(code));
