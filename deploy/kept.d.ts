// What the pages keep between themselves: the desk and the phone's house, and what lies in the phone's queue and drafts.

type House = import("../services/intake/static/form/form.js").TheHouse;
type Queue = import("../services/intake/static/form/queue.js").Queue;
type Fault = import("../services/intake/static/shared/fields.js").Fault;
type Photo = import("../services/intake/static/form/photo.js").Photo;
type Problem = import("../services/kernel/web/static/api.js").Problem;

/** The case desk, for the tabs that it opens. */
interface Desk {
  account: string;
  roles: Set<string>;
  me: Me;
  catalogue: Catalogue;
  /** Says at a tab how much waits there. */
  count(tab: string, waiting: number): void;
  reload(tab: string): Promise<void>;
  go(tab: string, inspection: string): Promise<void>;
  /** Shows a tab, or hides it. */
  offer(tab: string, useful: boolean): void;
}

/** The named controls of a form, as they were typed. */
type Fields = Record<string, string>;

/** The body of a write, as the contract has it for its kind. */
type WriteBody = Record<string, any>;

/** A write on its way into the phone's queue; `label` is what lists show of it, and the only part that outlives its sending. */
interface Write {
  id: string;
  kind: string;
  path: string;
  inspection?: string;
  body?: WriteBody;
  label: Label;
  after?: string;
  photo?: string;
}

/** What lists show of a write: which words and figures there are depends on its kind. */
interface Label {
  photos?: Photo[];
  begun?: number;
  waits?: boolean;
  [name: string]: any;
}

/** Why the server, or the way there, did not take an item. */
interface Trouble {
  message: string;
  status?: number;
  slug?: string;
  title?: string;
  errors: Fault[];
}

/** A write in the queue; `index` is its place in the log once its receipt has been checked here. */
interface Item {
  key: string;
  account: string;
  n: number;
  kind: string;
  inspection?: string;
  path: string;
  body: any;
  label: Label;
  after?: string;
  photo?: string;
  state: string;
  tries: number;
  notBefore: number;
  problem: Trouble | null;
  answer: any;
  kept: number;
  index?: number;
  unproven?: string;
  unchecked?: string;
  handed?: boolean;
  complete?: boolean;
  begun?: boolean;
}

/** An item that the server refused. */
type Failed = Item & { problem: Trouble };

/** A closing that the server refused. */
type Unclosed = Failed & { inspection: string };

/** A code as it is counted and not recorded yet; `times` are those of who came late, `known` the code as it was then, for a later catalogue may lack it. */
interface Counted {
  id: string;
  count: number;
  at: string;
  device: WriteBody;
  narrative: string;
  persons: string;
  times?: string[];
  photos?: Photo[];
  known?: Pick<Code, "code" | "name" | "severity" | "per">;
}

/** An inspection as the phone sees it: a row of the server's, or what its opening in the queue says; `stored` is its state at the server. */
interface Seen {
  id: string;
  state: string;
  unit: string;
  unit_name?: string;
  kind: string;
  basis: string;
  opened_at: string;
  opener?: string;
  team?: string[];
  reply_due?: string | null;
  stored?: string;
  staff?: number;
  mayClose?: boolean;
}

/** The head of this phone's chain of signed writes. */
interface Head {
  key: string;
  id: string;
  n: number;
  prev: string | null;
  signing: CryptoKey;
  point: string;
}

/** Whether it is still the turn of the view that waited. */
type Still = () => boolean;

/** A write of the desk that leaves in a while; `more` follows it. */
interface DeskWrite {
  account: string;
  id: string;
  name: string;
  path: string;
  body: WriteBody;
  label: string;
  more?: { path: string; body: WriteBody }[];
}

/** What a form of the desk keeps until its answer is known: its words, and what has left under its id. */
interface KeptForm {
  id: string;
  fields: Fields;
  sent?: Sent[];
}
interface Sent {
  path: string;
  body: WriteBody;
  fields: Fields;
  words: string[][];
  answer?: any;
}

/** A form as a request, and what is wrong with it. */
interface Asked {
  body: WriteBody;
  errors?: Fault[];
}

/** What somebody may do with a case: `later` and `done` are said of it before and after it stands. */
interface Act {
  title: string;
  button: string;
  main?: boolean;
  key?: string;
  note?: string;
  papers?: true;
  asked?: boolean;
  danger?: boolean;
  fields(finding: Case, id: string, how: { catalogue: Catalogue; effect?: Pick<Effect, "agree" | "disagree"> | null; many?: Child }): Child;
  write(fields: Fields, finding: Case): Asked & { errors: Fault[] };
  later?(finding: Case, fields: Fields): string;
  done(finding: Case, fields: Fields): string;
}

/** What a choice does in points, in words. */
interface Effect {
  agree: string;
  disagree: string;
  upheld: string;
}

/** What somebody may do with a whole inspection; a bare one asks for no reason. */
interface VisitAct {
  title: string;
  button: string;
  note?: string;
  bare?: boolean;
  danger?: boolean;
  fields(inspection: Visit, id: string): Child;
  write(fields: Fields, inspection: Visit): Asked & { errors: Fault[] };
  sure?(inspection: Visit): Promise<boolean>;
  done: string;
}

/** What is counted in an inspection, by code. */
type Rows = Record<string, Counted>;

/** What was found in an inspection, from the server or from the queue. */
interface Found {
  id: string;
  code: string;
  count: number;
  severity: number;
  state?: string;
  name?: string;
  per?: string;
  captured_at?: string;
  narrative?: string;
  filer?: string;
}
