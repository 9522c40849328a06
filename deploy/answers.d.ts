// What the server answers, as far as pages read it, and what the phone keeps. The endpoints say where each comes from.

/** GET /intake/v1/me */
interface Me {
  account: string;
  roles: { role: string; unit: string | null }[];
}

/** A row of GET /intake/v1/units; `plain` is the page's own, to search in. */
interface Unit {
  unit: string;
  name: string;
  label?: string;
  group: string;
  parent: string | null;
  staff: number;
  plain: string;
}

/** A code of the catalogue in the page's language; `plain` is to search in. */
interface Code {
  code: string;
  name: string;
  severity: number;
  group: string;
  per: string;
  evidence: string[];
  plain: string;
}
interface Catalogue {
  version: string;
  groups: { group: string; name: string; codes: Code[] }[];
  codes: Code[];
  byCode: Map<string, Code>;
}

/** What the vault holds of a write by its parts' names, and since when what of it is gone; of a case also its answers by noun. */
interface Sealed {
  erased?: Record<string, string>;
  lost?: Record<string, string>;
  [part: string]: any;
}
interface Deadline {
  of: string;
  due: string;
  state: string;
}

/** A row of GET /intake/v1/findings; `waits_for` stands in the desk's lists. */
interface Finding {
  id: string;
  inspection: string;
  unit: string;
  unit_name: string;
  code: string;
  severity: number;
  count: number;
  captured_at: string;
  received_at: string;
  photos: number;
  photos_held: number[];
  complete: boolean;
  state: string;
  accepts: boolean | null;
  outcome: string | null;
  released: boolean;
  remedy: string;
  reply_due: string | null;
  working_days_left: number | null;
  settled: string | null;
  state_label: string;
  deadlines: Deadline[];
  may: string[];
  outcomes: string[];
  filer?: string;
  waits_for?: string | null;
}

/** GET /intake/v1/findings/{id}; the private part where it was opened. */
interface Case extends Finding {
  answers: Record<string, string>;
  history: { type: string; time: string; index: number | null; role: string; id: string | null; label: string }[];
  redactions: Redaction[];
  files: { of: string; write: string; n: number; type: string; bytes: number; held: boolean; awaited: boolean }[];
  private?: Sealed;
}
interface Redaction {
  n: number;
  id: string;
  boxes: { x: number; y: number; width: number; height: number }[];
}

/** The figures of a closing. */
interface Figures {
  assigned: number;
  present: number;
  late: number;
  unexcused: number;
  persons_checked: number;
  files_checked: number;
  excused?: Record<string, number>;
  signed: boolean | null;
  [figure: string]: unknown;
}

/** A row of GET /intake/v1/inspections; who was there only for those who may know. */
interface Inspection {
  id: string;
  unit: string;
  unit_name: string;
  kind: string;
  basis: string;
  opened_at: string;
  quarter: string;
  state: string;
  closed_at: string | null;
  reply_due: string | null;
  acknowledged: boolean;
  roll: Figures | null;
  found: { all: number; reply: number; decision: number };
  working_days_left: number | null;
  may: string[];
  opener?: string;
  team?: string[];
}

/** GET /intake/v1/inspections/{id} */
interface Visit extends Inspection {
  impartial: boolean;
  devices?: Phone[];
  private?: Sealed;
}

/** A row of GET /intake/v1/desk: an inspection with its cases. */
interface DeskRow extends Inspection {
  own: boolean;
  due: string | null;
  age: number | null;
  findings: Finding[];
}

/** A row of GET /intake/v1/devices. */
interface Phone {
  device: string;
  account: string;
  last_n: number;
  last_received_at: string | null;
  waiting: number;
  missing: number[];
  missing_count: number;
  broken: number[];
  forked: number[];
}

/** A row of GET /intake/v1/rounds; the candidates for whoever reads the whole province. */
interface Round {
  id: string;
  kind: string;
  basis: string;
  from: string;
  to: string;
  strata: { group: string; size: number }[];
  exclude: string[];
  chosen: { unit: string; selection: string }[];
  beacon: Beacon | null;
  state: string;
  drawn: { group: string; units: string[] }[] | null;
  drawn_event?: string;
  left: string[];
  random_share: string | null;
  assignments: { unit: string; from: string; to: string; inspection: string | null; opener?: string; team?: string[] }[];
  candidates?: Candidates[];
  may: string[];
}
interface Beacon {
  name: string;
  date: string;
  pattern: string;
  value: string | null;
}
interface Candidates {
  group: string;
  units: string[];
}

/** GET /intake/v1/coverage */
interface Coverage {
  year: number;
  target: string;
  groups: { group: string; units: number; inspected: number; share: string | null }[];
  left: string[];
}

/** A row of GET /intake/v1/assignments. */
interface Assignment {
  id: string;
  unit: string;
  unit_name: string;
  kind: string;
  basis: string;
  selection: string;
  opener: string;
  team: string[];
  from: string;
  to: string;
  inspection: string | null;
}

/** A row of GET /intake/v1/erasures. */
interface Erasure {
  id: string;
  event: string;
  unit_name: string;
  parts: string[];
  state: string;
  about: { type: string; time: string };
  requester: string;
  requested_at: string;
  settled_at: string | null;
  private: Sealed;
}

/** A row of GET /intake/v1/tokens; the token itself only where it was made. */
interface Token {
  id: string;
  account: string;
  created_at: string;
  expires_at: string;
  used_at: string | null;
  token: string;
}

/** A row of GET /reports/v1/editions. */
interface Edition {
  quarter: string;
  edition: string;
  closing: string;
  cards_root: string;
  published_at: string | null;
  refused: boolean;
}
