import { MESSAGE_TYPE } from "../../xds/resource.js";

/** The message types of the resources that are sent: those of Envoy, and the table of names for Istio's agent. */
export const MESSAGE = { ...MESSAGE_TYPE, nameTable: "istio.networking.nds.v1.NameTable" } as const;
