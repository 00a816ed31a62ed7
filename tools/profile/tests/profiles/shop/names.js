function load(client, keys) {
  const rows = [];
  for (const key of keys) {
    const known = new RegExp("^(n|m)+$");
    if (known.test(client.name(key))) rows.push(key);
  }
  return rows;
}
module.exports = { load };
