function load(client, ids) {
  let rows = 0;
  for (const id of ids) {
    const known = new RegExp("^o+$");
    if (known.test(client.name(id))) rows += 1;
  }
  return rows;
}
module.exports = { load };
