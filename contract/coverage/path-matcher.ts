type Node<Entry> = {
  readonly literals: Map<string, Node<Entry>>;
  parameter: Node<Entry> | undefined;
  readonly methods: Map<string, Entry>;
};

function createNode<Entry>(): Node<Entry> {
  return { literals: new Map(), parameter: undefined, methods: new Map() };
}

function insert<Entry>(root: Node<Entry>, pathname: string, methodKey: string, entry: Entry): void {
  let node = root;
  for (const segment of pathname.split("/").slice(1)) {
    if (segment.startsWith("{")) {
      node.parameter ??= createNode();
      node = node.parameter;
      continue;
    }
    const next = node.literals.get(segment) ?? createNode<Entry>();
    node.literals.set(segment, next);
    node = next;
  }
  node.methods.set(methodKey, entry);
}

/** A literal segment wins over a parameter; where it leads nowhere, the parameter is tried. */
function find<Entry>(node: Node<Entry>, segments: readonly string[], at: number): Node<Entry> | undefined {
  const segment = segments[at];
  if (segment === undefined) return node.methods.size > 0 ? node : undefined;
  const literal = node.literals.get(segment);
  const found = literal === undefined ? undefined : find(literal, segments, at + 1);
  if (found !== undefined || node.parameter === undefined || segment === "") return found;
  return find(node.parameter, segments, at + 1);
}

/**
 * Makes a matcher over paths with `{parameters}`, in time proportional to the path's segments. It gives the operations
 * at a path, by method; a twin that is told apart by a query stands under `<method> beta`.
 */
export function createPathMatcher<Entry extends { readonly method: string; readonly path: string }>(
  entries: readonly Entry[],
): (pathname: string) => ReadonlyMap<string, Entry> | undefined {
  const root = createNode<Entry>();
  for (const entry of entries) {
    const [pathname = "", query] = entry.path.split("?");
    insert(root, pathname, query === undefined ? entry.method : `${entry.method} beta`, entry);
  }
  return (pathname) => {
    if (!pathname.startsWith("/")) return undefined;
    return find(root, pathname.split("/").slice(1), 0)?.methods;
  };
}
