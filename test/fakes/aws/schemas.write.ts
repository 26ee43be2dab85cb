import { writeFile } from "node:fs/promises";
import { readSchemas, writeSchemas } from "./schemas.ts";

// Run after an SDK bump, once its changes have been looked at: npx node --conditions=source test/fakes/aws/schemas.write.ts
await writeFile(new URL("./table/schemas.json", import.meta.url), writeSchemas(await readSchemas()));
