"""Makes cprofile.pstats: python3 -S -B -m cProfile -o cprofile.pstats run.py"""

from shop import names, orders


class Cursor:
    """Stands for a database: a query takes its time."""

    def execute(self, query, values):
        self.row = sum(range(8000))

    def fetchone(self):
        return self.row


class Report:
    def load(self):
        return sorted(range(100000), key=lambda number: -number)


def main():
    cursor = Cursor()
    names.load(cursor, range(1200))
    orders.load(cursor, range(300))
    Report().load()


main()
