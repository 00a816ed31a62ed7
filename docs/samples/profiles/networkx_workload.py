"""The work that was profiled for the networkx sample: a book of figures of a network of causes, and which
variables make others independent."""

import random

import networkx as nx

VARIABLES = 1_500
PAIRS = 12


def network(random_numbers: random.Random) -> nx.DiGraph:
    """A sparse network of causes: each variable depends on up to two of the 60 before it."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(VARIABLES))
    for effect in range(1, VARIABLES):
        for _ in range(2):
            graph.add_edge(random_numbers.randrange(max(0, effect - 60), effect), effect)
    return graph


def book(graph: nx.DiGraph) -> str:
    """One LaTeX figure for each variable: what it depends on, and what depends on it."""
    figures = []
    for variable in graph:
        around = graph.subgraph({variable, *graph.predecessors(variable), *graph.successors(variable)}).copy()
        nx.set_node_attributes(around, nx.circular_layout(around), "pos")
        figures.append(around)
    return nx.to_latex(figures, pos="pos", n_rows=len(figures), sub_captions=[""] * len(figures))


def main() -> None:
    random_numbers = random.Random(11)
    graph = network(random_numbers)
    separated = 0
    for _ in range(PAIRS):
        one, other = sorted(random_numbers.sample(range(VARIABLES), 2))
        if not graph.has_edge(one, other):
            separator = nx.minimal_d_separator(graph, one, other)
            separated += nx.d_separated(graph, {one}, {other}, separator)
    print(f"{separated} pairs separated, {len(book(graph))} characters of LaTeX")


if __name__ == "__main__":
    main()
