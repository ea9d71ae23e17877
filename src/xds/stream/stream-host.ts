/** What a stream needs of its server: what all streams share, and who is told what becomes of it. */

import type { Node } from "../../../gen/types/envoy/config/core/v3/base_pb.js";
import type { Table } from "../../base/table/table.js";
import type { WaitingRoom } from "../limits.js";
import type { XdsObserver } from "../observer.js";
import type { Questions } from "../questions.js";
import type { XdsSessions } from "../session.js";
import type { Moment } from "../state/moment.js";
import type { Held } from "../state/subscription/held.js";
import type { ResponseEncoder } from "../wire/response-encoder.js";
import type { Dialect } from "./dialect.js";
import type { OutboxHost } from "./outbox.js";
import type { ReadRequest } from "./request-reader.js";
import type { TurnTaker } from "./turns.js";

/** A stream that is over, and what its client holds. */
export interface EndedStream extends TurnTaker {
  readonly id: string;
  /** What the client has accepted of each type, as it would say it if it came back; of the incremental protocol alone. */
  acceptedTables(): readonly Table<Held>[];
}

/** The service that a stream came in by. */
export interface Entrance {
  readonly dialect: Dialect;
  /** The one type of the service; undefined for all of them. */
  readonly onlyType: string | undefined;
}

/** What all streams of a server share. */
export interface StreamHost extends OutboxHost {
  readonly sessions: XdsSessions;
  readonly questions: Questions | undefined;
  readonly observer: XdsObserver;
  readonly encoder: ResponseEncoder;
  readonly readRequest: ReadRequest;
  readonly decodeNode: (bytes: Uint8Array) => Node;
  readonly moment: () => Moment;
  /** Asks for a turn of the stream soon. */
  readonly wake: (stream: TurnTaker) => void;
  readonly waitingRoom: WaitingRoom;
  /** The stream is over, though its connection may not know it yet. */
  readonly ended: (stream: EndedStream) => void;
  /** The call of a stream is gone. */
  readonly closed: () => void;
}
