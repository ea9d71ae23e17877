import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseOffline } from "../config/parse-offline.js";
import type { ResourceTables } from "../config/snapshot.js";
