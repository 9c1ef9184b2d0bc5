// What Gradio puts into the scope of a script (`js_on_load` of gr.HTML), and what the scripts keep on the window.

declare const element: Place;
declare const props: any; // of the component: each script knows its own
declare function trigger(event: string, data?: object): void;
declare function watch(prop: string, run: () => void): void;

/** A component's place on the page, in which all is HTML. */
interface Place extends HTMLElement {
  querySelector<K extends keyof HTMLElementTagNameMap>(selectors: K): HTMLElementTagNameMap[K] | null;
  querySelector(selectors: string): HTMLElement | null;
  querySelectorAll(selectors: string): NodeListOf<HTMLElement>;
}

declare const vegaEmbed: (place: HTMLElement, spec: object, options: object) => Promise<any>;

interface ChartMember {
  isMounted(): boolean;
  show(marks: object): void;
  receiveMarks(marks: object): void;
  takeTool(name: string): void;
}

interface Window {
  gradio_config?: { root?: string };
  dgvaeAddress: { write(values: unknown[]): void; settle(values: unknown[]): void };
  dgvaeCharts?: {
    library: Promise<unknown> | null;
    groups: Map<string, Set<ChartMember>>;
    named: Map<string, ChartMember>;
    waiting: Map<string, any>;
  };
}
