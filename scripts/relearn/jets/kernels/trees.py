"""What a clustering has left: the tree of nodes of `sequential.recombine`."""

import numpy as np

from relearn.jets.kernels import compiled


@compiled
def workspace(n):
    """Return nodes, children and distances for n particles."""
    return np.empty((2 * n, 7)), np.empty((2 * n, 2), np.int64), np.empty(2 * n)


@compiled
def roots(n, total, children):
    """Return for each node which jet it has become part of."""
    root = np.arange(total)
    for node in range(total - 1, n - 1, -1):
        root[children[node, 0]] = root[node]
        root[children[node, 1]] = root[node]
    return root


@compiled
def remaining(n, order, children):
    """Return the nodes there are when all but `order` mergings of a single jet are done."""
    end = 2 * n - order
    merged = np.zeros(end, np.bool_)
    for node in range(n, end):
        merged[children[node, 0]] = True
        merged[children[node, 1]] = True
    found = np.empty(order, np.int64)
    count = 0
    for node in range(end):
        if not merged[node]:
            found[count] = node
            count += 1
    return found


@compiled
def leaves(node, n, children, found):
    """Write down the particles that a node was merged of; return how many."""
    count, todo = 1, 0
    found[0] = node
    while todo < count:
        if found[todo] < n:
            todo += 1
        else:
            found[count] = children[found[todo], 1]
            found[todo] = children[found[todo], 0]
            count += 1
    return count


@compiled
def hardest_first(which, nodes):
    """Sort a few nodes by pT, in place; equal ones stay in their order."""
    for i in range(1, len(which)):
        node = which[i]
        j = i
        while j > 0 and nodes[which[j - 1], 4] < nodes[node, 4]:
            which[j] = which[j - 1]
            j -= 1
        which[j] = node
