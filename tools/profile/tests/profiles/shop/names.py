def load(cursor, keys):
    rows = []
    for key in keys:
        cursor.execute("SELECT name FROM names WHERE id = %s", (key,))
        rows.append(cursor.fetchone())
    return rows
