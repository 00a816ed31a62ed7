def load(cursor, ids):
    rows = []
    for number in ids:
        cursor.execute("SELECT total FROM orders WHERE id = %s", (number,))
        rows.append(cursor.fetchone())
    return rows
