// What tsc cannot know of our pages: what an id or a selector finds in them, and what the worker is served with.

/** An element of a page of ours: whoever names it knows whether it is a field, a form, a link or a dialog. */
interface PageElement extends HTMLElement {
  value: string;
  name: string;
  type: string;
  href: string;
  hash: string;
  checked: boolean;
  disabled: boolean;
  open: boolean;
  readonly form: HTMLFormElement;
  readonly elements: any;
  readonly validity: ValidityState;
  files: FileList;
  select(): void;
  reset(): void;
  requestSubmit(submitter?: HTMLElement): void;
  showModal(): void;
  close(returnValue?: string): void;
}

/** What stands in an element that a script builds; false, null and "" leave nothing there. */
type Child = Node | string | number | false | null | undefined | Child[];
interface Attributes {
  [on: `on${string}`]: ((event: any) => unknown) | false | null | undefined;
  [name: string]: unknown;
}

interface ParentNode {
  querySelector(selectors: string): PageElement | null;
  querySelectorAll(selectors: string): NodeListOf<PageElement>;
}
interface Element {
  closest(selectors: string): PageElement | null;
}
interface Document {
  getElementById(id: string): PageElement | null;
}
interface HTMLElement {
  /** What a row of a list does when what it shows has changed: it stays, with what is open or typed in it. */
  update?(row: any): void;
}
interface HTMLFormControlsCollection {
  readonly [name: string]: any;
}
interface Window {
  readonly cookieStore?: { get(name: string): Promise<{ value: string } | null> };
}
interface ServiceWorkerRegistration {
  readonly sync?: { register(tag: string): Promise<void> };
}

// what the service worker sees of its own, and what the server writes before its text
declare const registration: ServiceWorkerRegistration;
declare const clients: any;
declare function skipWaiting(): Promise<void>;
declare const VERSION: string;
declare const FILES: Record<string, string>;
declare const AWAY: Record<"vi" | "en", string>;
