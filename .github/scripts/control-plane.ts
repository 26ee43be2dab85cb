// Gets the programs of the test control plane, building them on first use. A missing prerequisite is one sentence.
import { provideBinaries } from "../../test/cluster/binaries.ts";
import { SetupError } from "../../test/cluster/setup-error.ts";

try {
  await provideBinaries();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exit(1);
}
