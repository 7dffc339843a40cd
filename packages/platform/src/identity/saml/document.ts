import { DOMParser } from '@xmldom/xmldom';
import { SamlFailure } from './failure.ts';
import { textRules, type TextRule } from './text.ts';

/**
 * Parses text that keeps the rules, with every complaint of the parser a refusal.
 *
 * @param text as `normaliseText` leaves it
 * @param rules default: `textRules`
 * @throws SamlFailure too_large, xml_forbidden, xml_malformed
 */
export function parseXml(text: string, rules: readonly TextRule[] = textRules): Element {
  for (const rule of rules) rule.check(text);
  return parseWhole(text);
}

function parseWhole(text: string): Element {
  const complain = (_level: string, message: unknown): never => {
    throw new SamlFailure('xml_malformed', String(message).split('\n')[0]);
  };
  let parsed: Document | undefined;
  try {
    parsed = new DOMParser({ locator: {}, errorHandler: complain }).parseFromString(text, 'text/xml');
  } catch (error) {
    if (error instanceof SamlFailure) throw error;
    throw new SamlFailure('xml_malformed', undefined, { cause: error });
  }
  const root = parsed?.documentElement as Element | null | undefined;
  if (root === undefined || root === null) throw new SamlFailure('xml_malformed', 'no element');
  const beside = Array.from(parsed?.childNodes ?? []).filter((node) => node !== root && node.nodeType !== 8);
  if (beside.length > 0) throw new SamlFailure('xml_malformed', 'more than one root');
  return root;
}

/** The next node in document order. */
function next(node: Node, root: Node): Node | null {
  if (node.firstChild !== null) return node.firstChild;
  for (let at: Node | null = node; at !== null && at !== root; at = at.parentNode) {
    if (at.nextSibling !== null) return at.nextSibling;
  }
  return null;
}

/** Every element from `root` on, in document order. */
export function elementsIn(root: Element): Element[] {
  const found: Element[] = [];
  for (let node: Node | null = root; node !== null; node = next(node, root)) {
    if (isElement(node)) found.push(node);
  }
  return found;
}

/** Child elements; with a name, those of that name in that namespace. */
export function childrenOf(element: Element, namespace?: string, name?: string): Element[] {
  return Array.from(element.childNodes)
    .filter(isElement)
    .filter((child) => namespace === undefined || isNamed(child, namespace, name));
}

/**
 * The one child of that name.
 *
 * @throws SamlFailure structure_refused when there is none or a second
 */
export function onlyChild(element: Element, namespace: string, name: string): Element {
  const [child, second] = childrenOf(element, namespace, name);
  if (child === undefined || second !== undefined) throw new SamlFailure('structure_refused', name);
  return child;
}

export function isNamed(element: Element, namespace: string, name?: string): boolean {
  return element.namespaceURI === namespace && (name === undefined || element.localName === name);
}

/** Attribute without a prefix; undefined when absent. */
export function attributeOf(element: Element, name: string): string | undefined {
  return element.hasAttribute(name) ? (element.getAttribute(name) ?? undefined) : undefined;
}

/** All text of an element that holds nothing but text; undefined otherwise. No piece of it can be hidden from view. */
export function textOf(element: Element): string | undefined {
  const nodes = Array.from(element.childNodes);
  return nodes.every((node) => node.nodeType === 3)
    ? nodes.map((node) => node.nodeValue ?? '').join('')
    : undefined;
}

function isElement(node: Node): node is Element {
  return node.nodeType === 1;
}
