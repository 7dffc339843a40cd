import { attributeOf, childrenOf, elementsIn, isNamed } from './document.ts';
import { SamlFailure } from './failure.ts';
import { ns } from './names.ts';

export type StructureRule = { name: string; check: (root: Element, elements: readonly Element[]) => void };

const ncName = /^[A-Za-z_][A-Za-z0-9_.-]{0,254}$/;
/** Where an ID stands, for each namespace that has one. */
const idAttribute: Readonly<Record<string, string>> = {
  [ns.protocol]: 'ID',
  [ns.assertion]: 'ID',
  [ns.signature]: 'Id',
};

/**
 * What a response must look like, decided on the whole of it, signed or not, before any signature is looked at. These
 * rules leave no second place to read from: signature wrapping (XSW1 to XSW8) needs a second assertion, a second
 * response, a second element of an ID, or a signature away from its parent.
 */
export const structureRules: readonly StructureRule[] = [
  {
    name: 'namespaces',
    check: (_root, elements) => {
      for (const element of elements)
        for (const attribute of attributesOf(element)) checkNamespace(attribute);
    },
  },
  {
    name: 'ids',
    check: (_root, elements) => {
      const seen = new Set<string>();
      for (const element of elements) {
        for (const attribute of attributesOf(element)) {
          if (attribute.localName.toLowerCase() !== 'id') continue;
          const wanted = idAttribute[element.namespaceURI ?? ''];
          if (attribute.name !== wanted || !ncName.test(attribute.value)) throw new SamlFailure('id_refused');
          if (seen.has(attribute.value)) throw new SamlFailure('id_refused', 'twice');
          seen.add(attribute.value);
        }
      }
    },
  },
  {
    name: 'root',
    check: (root, elements) => {
      const responses = elements.filter(({ localName }) => localName === 'Response');
      if (!isNamed(root, ns.protocol, 'Response') || responses.length !== 1) refuse('Response');
      if (attributeOf(root, 'Version') !== '2.0') refuse('Version');
      if (attributeOf(root, 'ID') === undefined) throw new SamlFailure('id_refused', 'Response');
    },
  },
  {
    name: 'encryption',
    check: (_root, elements) => {
      const encrypted = elements.find(({ localName }) => localName.startsWith('Encrypted'));
      if (encrypted !== undefined) throw new SamlFailure('encrypted', encrypted.localName);
    },
  },
  {
    name: 'one assertion',
    check: (root, elements) => {
      const assertions = elements.filter(({ localName }) => localName === 'Assertion');
      const [assertion] = assertions;
      if (assertion === undefined || assertions.length !== 1) refuse('Assertion');
      else if (!isNamed(assertion, ns.assertion) || assertion.parentNode !== root) refuse('Assertion');
    },
  },
  {
    name: 'signature places',
    check: (root, elements) => {
      const parents = new Set<Node | null>();
      for (const element of elements.filter(({ localName }) => localName === 'Signature')) {
        const parent = element.parentNode;
        const isPlace = parent === root || (parent?.parentNode === root && isAssertion(parent));
        if (!isPlace || !isNamed(element, ns.signature) || parents.has(parent)) {
          throw new SamlFailure('signature_refused', 'place');
        }
        parents.add(parent);
      }
    },
  },
];

/** The response's assertion, once the rules hold. */
export function assertionOf(root: Element): Element {
  const [assertion] = childrenOf(root, ns.assertion, 'Assertion');
  if (assertion === undefined) throw new SamlFailure('structure_refused', 'Assertion');
  return assertion;
}

export function checkStructure(root: Element, rules: readonly StructureRule[] = structureRules): void {
  const elements = elementsIn(root);
  for (const rule of rules) rule.check(root, elements);
}

function checkNamespace({ name, prefix, localName, value }: Attr): void {
  const declares = name === 'xmlns' || prefix === 'xmlns';
  if (declares) {
    // A relative or empty name is what canonicalisers fail on, each in its own way; xml and xmlns are not to be had.
    const isAbsolute = /^(?:urn:[a-z0-9][a-z0-9-]*:|https?:\/\/)[!-~]+$/i.test(value);
    if (
      !isAbsolute ||
      value.startsWith('http://www.w3.org/XML/') ||
      value === 'http://www.w3.org/2000/xmlns/'
    ) {
      throw new SamlFailure('namespace_refused', name);
    }
    if (prefix === 'xmlns' && /^xml/i.test(localName)) throw new SamlFailure('namespace_refused', name);
  } else if (prefix === 'xml' && localName !== 'lang') throw new SamlFailure('namespace_refused', name);
}

function attributesOf(element: Element): Attr[] {
  return Array.from(element.attributes);
}

function isAssertion(node: Node): boolean {
  return node.nodeType === 1 && isNamed(node as Element, ns.assertion, 'Assertion');
}

function refuse(detail: string): never {
  throw new SamlFailure('structure_refused', detail);
}
